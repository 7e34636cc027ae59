// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "audit/small_run.h"
#include "cli/program.h"

namespace relevid::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuditCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    const Outcome made = relevid({"create", "c3d", "--width", "0.03", "--size", "32", "--classes", "3",
                                  "--clip-len", "4", "--out", path("c3d.onnx")});
    ASSERT_EQ(made.status, 0) << made.err;
    const DataSet data = make_dataset(*folder_, {12, 9, 2});
    std::string list = "path,label\n";
    for (const DataRow& row : data.rows)
      list += fmt::format("{},{}\n", row.name, data.class_names[static_cast<size_t>(row.label)]);
    write_bytes(*folder_ / "list.csv", list + "absent.mp4,a\n");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path(const std::string& name) { return (*folder_ / name).string(); }

  static std::vector<std::string> arguments(const std::string& out,
                                            const std::vector<std::string>& further = {}) {
    std::vector<std::string> all = {"audit",
                                    path("c3d.onnx"),
                                    path("list.csv"),
                                    "--out",
                                    path(out),
                                    "--intervals",
                                    "1,2",
                                    "--num-clips",
                                    "2",
                                    "--controls",
                                    "null_profile,frozen",
                                    "--threads",
                                    "1"};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }

  static std::unique_ptr<ScratchFolder> folder_;
};
std::unique_ptr<ScratchFolder> AuditCommand::folder_;

TEST_F(AuditCommand, WritesARunAndNamesWhatIsMissing) {
  const Outcome first = relevid(arguments("first.db"));
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("4 of 4: 2 audited, 1 too short, 1 unreadable"));
  EXPECT_THAT(first.out, HasSubstr("absent.mp4"));
  EXPECT_THAT(first.out, HasSubstr("clips        10 of 4 videos"));
  const std::string digest = content_digest(path("first.db"));
  const Outcome again = relevid(arguments("first.db"));
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.out, Not(HasSubstr("clips")));
  EXPECT_EQ(content_digest(path("first.db")), digest);
}

TEST_F(AuditCommand, EndsWithWhatItFoundAndReportSaysTheRest) {
  const Outcome audit = relevid(arguments("found.db"));
  ASSERT_EQ(audit.status, 0) << audit.err;
  EXPECT_THAT(audit.out, HasSubstr("list.csv: 4 videos, 3 classes"));
  EXPECT_THAT(audit.out,
              HasSubstr("accuracy     Can't tell from 2 videos whether the model is above chance"));
  EXPECT_THAT(audit.out, HasSubstr("verdict      Can't tell from 2 videos"));
  EXPECT_THAT(audit.out, HasSubstr("advice       Keep interval 1 for now"));
  EXPECT_THAT(audit.out, HasSubstr("relevid report " + path("found.db")));
  const Outcome page = relevid({"report", path("found.db")});
  ASSERT_EQ(page.status, 0) << page.err;
  EXPECT_THAT(page.out, HasSubstr("left out: 1 too short, 1 unreadable"));
  const std::vector<std::string> clips = {"report",  path("found.db"), "--format", "csv",
                                          "--table", "clips",          "--out",    path("clips.csv")};
  ASSERT_EQ(relevid(clips).status, 0);
  EXPECT_EQ(shell("wc -l < " + path("clips.csv")).out, "11\n");
  const Outcome json = relevid({"report", path("found.db"), "--format", "json", "--seed", "3"});
  EXPECT_EQ(json.status, 0);
  EXPECT_THAT(json.out, HasSubstr("\"effect\":\"cant_tell\""));
}

TEST_F(AuditCommand, AReportThatCannotBeMadeHasItsMessageAndStatus) {
  ASSERT_EQ(relevid(arguments("report.db")).status, 0);
  EXPECT_EQ(relevid({"report", path("c3d.onnx")}).status, 4);
  EXPECT_EQ(relevid({"report", path("absent.db")}).status, 5);
  EXPECT_EQ(relevid({"report", path("report.db"), "--out", path("absent/page.txt")}).status, 5);
  const Outcome table = relevid({"report", path("report.db"), "--format", "csv"});
  EXPECT_EQ(table.status, 2);
  EXPECT_THAT(table.err, HasSubstr("--table profiles, sweep, clips, videos or positions"));
  EXPECT_EQ(relevid({"report", path("report.db"), "--table", "clips"}).status, 2);
  EXPECT_EQ(relevid({"report", path("report.db"), "--format", "page"}).status, 2);
}

TEST_F(AuditCommand, AReportHasAPictureBesideTheRun) {
  ASSERT_EQ(relevid(arguments("one.db")).status, 0);
  ASSERT_EQ(relevid(arguments("two.db")).status, 0);
  const Outcome both = relevid({"report", path("one.db"), path("two.db"), "--format", "png"});
  EXPECT_EQ(both.status, 0) << both.err;
  EXPECT_TRUE(std::filesystem::exists(path("one.png")));
  EXPECT_TRUE(std::filesystem::exists(path("two.png")));
  const auto status = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"report", path("one.db")});
    return relevid(more).status;
  };
  EXPECT_EQ(status({path("two.db"), "--format", "png", "--out", path("x.png")}), 2);
  EXPECT_EQ(status({path("two.db")}), 2);
  EXPECT_EQ(status({"--format", "png", "--model", path("c3d.onnx")}), 2);
  EXPECT_EQ(status({"--format", "png", "--out", path("one.db")}), 2);
  EXPECT_EQ(status({"--format", "pgn"}), 2);
}

TEST_F(AuditCommand, AReportIsAPageOfOneRunOrSeveral) {
  ASSERT_EQ(relevid(arguments("left.db")).status, 0);
  ASSERT_EQ(relevid(arguments("right.db")).status, 0);
  ASSERT_EQ(relevid({"create", "c3d", "--width", "0.03", "--size", "32", "--classes", "3", "--clip-len", "4",
                     "--seed", "9", "--out", path("other.onnx")})
                .status,
            0);
  const std::vector<std::string> both = {"report",         path("left.db"), path("right.db"),
                                         "--format",       "html",          "--model",
                                         path("c3d.onnx"), "--out",         path("both.html")};
  const Outcome written = relevid(both);
  if (written.status != 0) {
    EXPECT_EQ(written.status, 2);
    EXPECT_THAT(written.err, HasSubstr("nodejs"));
    GTEST_SKIP() << "this build has no page";
  }
  EXPECT_GT(std::filesystem::file_size(path("both.html")), 1000U);
  const Outcome other =
      relevid({"report", path("left.db"), "--format", "html", "--model", path("other.onnx")});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("is not the model of"));
  EXPECT_FALSE(std::filesystem::exists(path("left.html")));
  EXPECT_EQ(relevid({"report", path("left.db"), "--format", "html"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(path("left.html")));
}

TEST_F(AuditCommand, ShardsOfASlurmArrayMergeIntoTheWhole) {
  ASSERT_EQ(relevid(arguments("whole.db")).status, 0);
  ASSERT_EQ(relevid(arguments("part0.db", {"--shard", "0/2"})).status, 0);
  const Outcome early = relevid({"merge", path("merged.db"), path("part0.db")});
  EXPECT_EQ(early.status, 2);
  EXPECT_THAT(early.err, HasSubstr("--allow-partial"));
  const std::string task =
      "SLURM_ARRAY_TASK_ID=8 SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=5 "
      "SLURM_ARRAY_TASK_STEP=3 ";
  const Outcome second = relevid(arguments("part1.db"), task);
  EXPECT_THAT(second.out, HasSubstr("shard 1/2")) << second.err;
  const Outcome merged = relevid({"merge", path("merged.db"), path("part1.db"), path("part0.db")});
  EXPECT_EQ(merged.status, 0) << merged.err;
  EXPECT_THAT(merged.out, HasSubstr("4 of 4 videos, from 2 runs"));
  EXPECT_EQ(content_digest(path("merged.db")), content_digest(path("whole.db")));
  EXPECT_EQ(relevid({"merge", path("merged.db"), path("part0.db"), path("part1.db")}).status, 2);
  EXPECT_EQ(relevid({"merge", path("partial.db"), path("part0.db"), "--allow-partial"}).status, 0);
}

TEST_F(AuditCommand, BadInputHasItsMessageAndStatus) {
  ASSERT_EQ(relevid(arguments("bad.db")).status, 0);
  const Outcome other = relevid(arguments("bad.db", {"--method", "gradient"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("settings.method.name: \"epsilon_plus_flat\" there, \"gradient\" here"));
  EXPECT_EQ(relevid(arguments("new.db", {"--shard", "2/2"})).status, 2);
  EXPECT_EQ(relevid(arguments("new.db", {"--target", "labl"})).status, 2);
  EXPECT_EQ(relevid(arguments("new.db", {"--base-interval", "0"})).status, 2);
  EXPECT_EQ(relevid(arguments("absent/new.db")).status, 5);
  std::filesystem::copy_file(path("c3d.onnx"), path("other.onnx"));
  EXPECT_EQ(relevid(arguments("other.onnx")).status, 4);
  EXPECT_EQ(relevid({"inspect", path("other.onnx")}).status, 0);  // it is still there
  EXPECT_FALSE(std::filesystem::exists(path("new.db")));
}

/// Starts an audit and signals it while it reads its class names, which come from a pipe: handlers are there
/// by then, and no video has been begun.
int status_after(int signal, std::vector<std::string> arguments, const std::string& pipe) {
  ::mkfifo(pipe.c_str(), 0600);
  arguments.insert(arguments.end(), {"--labels", pipe});
  arguments.insert(arguments.begin(), RELEVID_PROGRAM);
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    const int nothing = ::open("/dev/null", O_WRONLY);
    ::dup2(nothing, STDOUT_FILENO);
    ::dup2(nothing, STDERR_FILENO);
    ::execv(words[0], words.data());
    ::_exit(99);
  }
  const int out = ::open(pipe.c_str(), O_WRONLY);  // waits for the reader
  ::kill(child, signal);
  EXPECT_EQ(::write(out, "a\nb\nc\n", 6), 6);
  ::close(out);
  int status = 0;
  ::waitpid(child, &status, 0);
  std::filesystem::remove(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(AuditCommand, AClustersWarningEndsWithTheRequeueStatusAndTheNextRunGoesOn) {
  write_bytes(path("names"), "a\nb\nc\n");
  ASSERT_EQ(relevid(arguments("undisturbed.db", {"--labels", path("names")})).status, 0);
  EXPECT_EQ(status_after(SIGTERM, arguments("signalled.db"), path("pipe")), 75);
  EXPECT_EQ(status_after(SIGUSR1, arguments("signalled.db"), path("pipe")), 75);
  EXPECT_EQ(status_after(SIGINT, arguments("signalled.db"), path("pipe")), 130);
  EXPECT_EQ(run_counts(path("signalled.db")).done, 0);
  EXPECT_EQ(relevid(arguments("signalled.db", {"--labels", path("names")})).status, 0);
  EXPECT_EQ(content_digest(path("signalled.db")), content_digest(path("undisturbed.db")));
}

}  // namespace
}  // namespace relevid::testing
