// SPDX-License-Identifier: Apache-2.0
#include "run/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "run/run_reader.h"
#include "run/small_dataset.h"

namespace relevid::run {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;
using testing::ScratchFolder;

constexpr std::chrono::milliseconds kAtOnce{0};

DataSet rows(int64_t count) {
  DataSet data;
  for (int64_t i = 0; i < count; ++i) {
    DataRow row;
    row.name = fmt::format("video{}", i);
    row.label = i % 3;
    data.rows.push_back(row);
  }
  return data;
}

Manifest manifest() {
  return testing::small_manifest(rows(5), testing::small_feed());
}

VideoRow video(int64_t index, VideoState state = VideoState::kOk) {
  VideoRow row;
  row.index = index;
  row.name = fmt::format("video{}", index);
  row.path = "/data/" + row.name;
  row.sha256 = "ab";
  row.label = index % 3;
  row.fps = 25;
  row.frame_count = 30;
  row.width = 8;
  row.height = 6;
  row.state = state;
  return row;
}

ClipRow clip(int64_t condition, int64_t number, std::vector<double> shares, bool right) {
  ClipRow row;
  row.condition = condition;
  row.number = number;
  row.offset = 0.5;
  row.frame_indices = {0, 2, 4, 6};
  row.pts_seconds = {0, 0.08, 0.16, 0.24};
  row.target = 2;
  row.target_logit = -1.5;
  row.right1 = right;
  row.right5 = true;
  row.classes = {{2, 0.75}, {0, 0.1}};
  row.shares = std::move(shares);
  row.negative_share = 0.25;
  return row;
}

VideoPredictionRow prediction(int64_t condition, int64_t clips) {
  VideoPredictionRow row;
  row.condition = condition;
  row.clips = clips;
  row.predicted = 2;
  row.label_probability = 0.75;
  row.right1 = true;
  row.right5 = true;
  row.classes = {{2, 0.75}};
  return row;
}

void put_video(RunStore& store, int64_t index) {
  RunStore::Entry entry = store.begin(index);
  entry.put(clip(1, 0, {0.1, 0.2, 0.3, 0.4}, true));
  entry.put(clip(1, 1, {0.3, 0.2, 0.3, 0.2}, false));
  entry.put(prediction(1, 2));
  entry.commit(video(index));
}

TEST(RunStore, GivesBackWhatItWasGiven) {
  const ScratchFolder folder;
  const auto path = folder / "run.db";
  {
    RunStore store(path, manifest());
    store.put_null_profile(std::vector<double>{0.1, 0.4, 0.4, 0.1});
    put_video(store, 3);
    VideoRow broken = video(1, VideoState::kUnreadable);
    broken.error_kind = "corrupt input";
    broken.error = "not a video";
    broken.label = kUnlabelled;
    store.begin(1).commit(broken);
    EXPECT_TRUE(store.has_video(3));
    EXPECT_FALSE(store.has_video(2));
  }
  RunReader reader(path);
  EXPECT_TRUE(differences(reader.manifest(), manifest()).empty());
  EXPECT_EQ(reader.manifest().conditions, manifest().conditions);
  EXPECT_THAT(*reader.null_profile(), ElementsAre(0.1, 0.4, 0.4, 0.1));
  std::vector<VideoRecord> records;
  reader.for_each_video([&](const VideoRecord& record) { records.push_back(record); });
  ASSERT_EQ(records.size(), 2);
  EXPECT_EQ(records[0].video.state, VideoState::kUnreadable);
  EXPECT_EQ(records[0].video.error, "not a video");
  EXPECT_EQ(records[0].video.error_kind, "corrupt input");
  EXPECT_EQ(records[0].video.label, kUnlabelled);
  const VideoRecord& whole = records[1];
  EXPECT_EQ(whole.video.index, 3);
  EXPECT_EQ(whole.video.path, "/data/video3");
  EXPECT_EQ(whole.video.label, 0);
  EXPECT_EQ(whole.video.frame_count, 30);
  ASSERT_EQ(whole.by_condition.size(), manifest().conditions.size());
  for (size_t i = 0; i < whole.by_condition.size(); ++i) EXPECT_EQ(whole.by_condition[i].has_value(), i == 1);
  const Observation& record = *whole.by_condition[1];
  EXPECT_EQ(record.clips, 2);
  EXPECT_EQ(record.clips_right1, 1);
  EXPECT_EQ(record.clips_right5, 2);
  EXPECT_TRUE(record.right1);
  EXPECT_EQ(record.predicted, 2);
  EXPECT_THAT(record.shares, ElementsAre(DoubleEq(0.2), DoubleEq(0.2), DoubleEq(0.3), DoubleEq(0.3)));
  EXPECT_EQ(record.negative_share, 0.25);
}

TEST(RunStore, CountsByStateAndKnowsWhatIsMissing) {
  const ScratchFolder folder;
  {
    RunStore store(folder / "run.db", manifest());
    put_video(store, 0);
    store.begin(1).commit(video(1, VideoState::kTooShort));
    store.begin(2).commit(video(2, VideoState::kTooShort));
    store.begin(3).commit(video(3, VideoState::kEmpty));
  }
  RunCounts expected{.expected = 5, .done = 4, .ok = 1, .too_short = 2, .empty = 1};
  EXPECT_EQ(run_counts(folder / "run.db"), expected);
  EXPECT_FALSE(expected.complete());
}

TEST(RunStore, CountsTheRowsOfItsShard) {
  const ScratchFolder folder;
  for (const auto& [shard, expected] :
       std::vector<std::pair<Shard, int64_t>>{{{0, 2}, 3}, {{1, 2}, 2}, {{6, 7}, 0}}) {
    Manifest part = manifest();
    part.shard = shard;
    const auto path = folder / fmt::format("{}.db", shard.index);
    { const RunStore store(path, part); }
    EXPECT_EQ(run_counts(path).expected, expected) << to_string(shard);
    std::filesystem::remove(path);
  }
}

TEST(RunStore, AnEntryThatIsNotCommittedLeavesNothing) {
  const ScratchFolder folder;
  RunStore store(folder / "run.db", manifest());
  {
    RunStore::Entry entry = store.begin(0);
    entry.put(clip(0, 0, {1, 0, 0, 0}, true));
  }
  EXPECT_FALSE(store.has_video(0));
  EXPECT_NO_THROW(put_video(store, 0));
}

TEST(RunStore, GoesOnWithTheSameRunAlone) {
  const ScratchFolder folder;
  const auto path = folder / "run.db";
  { RunStore(path, manifest()).begin(0).commit(video(0)); }
  EXPECT_TRUE(RunStore(path, manifest()).has_video(0));
  const auto refusal = [&](const std::function<void(Manifest&)>& change) {
    Manifest other = manifest();
    change(other);
    return message_of(ErrorKind::kInvalidArgument, [&] { RunStore(path, other); });
  };
  EXPECT_THAT(refusal([](Manifest& m) { m.model_sha256 = "m1"; }),
              HasSubstr("model_sha256: \"m0\" there, \"m1\" here"));
  EXPECT_THAT(
      refusal([](Manifest& m) { m.settings = R"({"method": "deep_taylor", "sampling": {"num_clips": 3}})"; }),
      HasSubstr("settings.sampling.num_clips: 2 there, 3 here"));
  EXPECT_THAT(refusal([](Manifest& m) { m.settings = R"({"method": "deep_taylor"})"; }),
              HasSubstr("settings.sampling.num_clips: 2 there, nothing here"));
  EXPECT_THAT(refusal([](Manifest& m) { m.class_names[1] = "z"; }), HasSubstr("class_names.1: \"b\" there"));
  EXPECT_THAT(refusal([](Manifest& m) { m.dataset_sha256 = "other"; }), HasSubstr("dataset_sha256"));
  EXPECT_THAT(refusal([](Manifest& m) { m.relevid_version = "2"; }), HasSubstr("relevid_version"));
  EXPECT_THAT(refusal([](Manifest& m) { m.shard = {1, 2}; }), HasSubstr("shard: 0/1 there, 1/2 here"));
  const std::string many = refusal([](Manifest& m) {
    m.class_names = {};
    m.settings = R"({"method": "gradient"})";
  });
  EXPECT_THAT(many, HasSubstr("and 5 more"));
}

TEST(RunStore, SettingsMayBeWrittenInAnotherOrder) {
  const ScratchFolder folder;
  { const RunStore store(folder / "run.db", manifest()); }
  Manifest same = manifest();
  same.settings = R"({ "sampling":{"num_clips":2}, "method":"deep_taylor"})";
  EXPECT_NO_THROW(RunStore(folder / "run.db", same));
}

TEST(RunStore, IsWrittenByOneAtATime) {
  const ScratchFolder folder;
  const RunStore store(folder / "run.db", manifest());
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { RunStore(folder / "run.db", manifest(), kAtOnce); }),
              HasSubstr("another process is writing it"));
}

TEST(RunStore, RefusesWhatIsNoRun) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "text.db",
                       "not a database, but long enough to be looked at as if it were one\n");
  message_of(ErrorKind::kCorruptInput, [&] { RunStore(folder / "text.db", manifest()); });
  message_of(ErrorKind::kCorruptInput, [&] { RunReader(folder / "text.db"); });
  DatabaseOptions creating;
  creating.mode = DatabaseOptions::Mode::kCreate;
  Database(folder / "other.db", creating).execute("CREATE TABLE photos (a)");
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { RunStore(folder / "other.db", manifest()); }),
              HasSubstr("not a run"));
  message_of(ErrorKind::kIo, [&] { RunReader(folder / "absent.db"); });
}

TEST(RunStore, RefusesAnotherVersionOfItsTables) {
  const ScratchFolder folder;
  { const RunStore store(folder / "run.db", manifest()); }
  Database(folder / "run.db", {}).execute("PRAGMA user_version = 3");
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { RunStore(folder / "run.db", manifest()); }),
              HasSubstr("version 3"));
}

/// What positions took of a clip, in two steps of 1 x 2 places.
PositionFinding taken(double start, double first, double second) {
  return {start, {first, second}, {0.5, 1}, {0.25, first + second - 0.25}, 2};
}

TEST(RunStore, GivesBackWhatPositionsTookClipByClipAndReduced) {
  const ScratchFolder folder;
  {
    RunStore store(folder / "run.db", manifest());
    RunStore::Entry entry = store.begin(0);
    for (const auto& [number, position] :
         std::map<int64_t, PositionFinding>{{0, taken(2, 0.5, 0.25)}, {1, taken(-4, -1, 0.75)}}) {
      ClipRow row = clip(1, number, {0.1, 0.2, 0.3, 0.4}, true);
      row.position = position;
      entry.put(row);
    }
    entry.put(prediction(1, 2));
    entry.commit(video(0));
    put_video(store, 3);
  }
  RunReader reader(folder / "run.db");
  EXPECT_EQ(reader.position_steps(), 2);
  std::vector<std::optional<PositionFinding>> by_clip;
  reader.for_each_clip([&](const VideoRow&, const ClipRow& row) { by_clip.push_back(row.position); });
  ASSERT_EQ(by_clip.size(), 4);
  EXPECT_EQ(by_clip[1]->start, -4);
  EXPECT_THAT(by_clip[1]->by_time, ElementsAre(-1, 0.75));
  EXPECT_THAT(by_clip[1]->content, ElementsAre(0.5, 1));
  EXPECT_THAT(by_clip[1]->by_place, ElementsAre(0.25, -0.5));
  EXPECT_EQ(by_clip[1]->columns, 2);
  EXPECT_FALSE(by_clip[2]);
  EXPECT_EQ(reader.clips_of(0, 1).at(0).position->start, 2);
  std::vector<VideoRecord> records;
  reader.for_each_video([&](const VideoRecord& record) { records.push_back(record); });
  // A clip of a score below 0 is turned.
  const PositionFinding& mean = *records.at(0).by_condition[1]->position;
  EXPECT_EQ(mean.start, 3);
  EXPECT_THAT(mean.by_time, ElementsAre(0.75, -0.25));
  EXPECT_THAT(mean.content, ElementsAre(0, 0));
  EXPECT_FALSE(records.at(1).by_condition[1]->position);
}

TEST(RunStore, OfTheFirstVersionItIsReadButNotContinued) {
  const ScratchFolder folder;
  const auto path = folder / "run.db";
  {
    RunStore store(path, manifest());
    put_video(store, 0);
  }
  const std::string digest = content_digest(path);
  testing::make_first_version(path);
  EXPECT_EQ(run_counts(path).ok, 1);
  EXPECT_EQ(content_digest(path), digest);
  RunReader reader(path);
  EXPECT_EQ(reader.position_steps(), 0);
  reader.for_each_video([](const VideoRecord& record) {
    EXPECT_EQ(record.by_condition[1]->clips, 2);
    EXPECT_FALSE(record.by_condition[1]->position);
  });
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { RunStore(path, manifest()); }),
              HasSubstr("begun by an earlier relevid"));
  EXPECT_EQ(testing::version_in(path), 1) << "reading has changed the file";
}

TEST(RunReader, DamagedRowsAreCorruptInput) {
  const ScratchFolder folder;
  const auto path = folder / "run.db";
  for (const char* damage :
       {"UPDATE profile SET shares = x'00'", "DELETE FROM profile WHERE number = 1",
        "UPDATE video SET state = 'odd'",
        "UPDATE video_prediction SET condition = 99; UPDATE prediction SET condition = 99; "
        "UPDATE profile SET condition = 99",
        "UPDATE condition SET kind = 'odd'", "UPDATE run SET clip_len = 0",
        "UPDATE run SET class_names = '{'", "DROP TABLE profile", "DROP TABLE position", "DELETE FROM run",
        "INSERT INTO position VALUES (0, 1, 0, 1, 1, x'00', x'00', x'00')",
        "INSERT INTO position VALUES (0, 1, 0, 1, 1, x'', x'', x'')",
        "INSERT INTO position VALUES (0, 1, 0, 1, 0, zeroblob(8), zeroblob(8), zeroblob(8))",
        "INSERT INTO position VALUES (0, 1, 0, 1, 2, zeroblob(8), zeroblob(8), zeroblob(8))"}) {
    {
      RunStore store(path, manifest());
      put_video(store, 0);
    }
    Database(path, {}).execute(damage);
    SCOPED_TRACE(damage);
    message_of(ErrorKind::kCorruptInput, [&] { RunReader(path).for_each_video([](const VideoRecord&) {}); });
    std::filesystem::remove(path);
  }
}

TEST(ContentDigest, IsOfTheContentAlone) {
  const ScratchFolder folder;
  const auto write = [&](const char* name, std::vector<int64_t> order) {
    RunStore store(folder / name, manifest());
    for (const int64_t index : order) put_video(store, index);
  };
  write("a.db", {0, 1, 2});
  write("b.db", {2, 0, 1});
  EXPECT_EQ(content_digest(folder / "a.db"), content_digest(folder / "b.db"));
  const std::string before = content_digest(folder / "a.db");
  for (const char* change : {"UPDATE profile SET negative_share = 0.5 WHERE video = 1 AND number = 0",
                             "DELETE FROM video WHERE id = 2", "UPDATE run SET null_profile = x'00'",
                             "UPDATE clip SET pts_seconds = x'01' WHERE video = 0 AND number = 1"}) {
    const auto copy = folder / "copy.db";
    std::filesystem::copy_file(folder / "a.db", copy, std::filesystem::copy_options::overwrite_existing);
    Database(copy, {}).execute(change);
    EXPECT_THAT(content_digest(copy), Not(before)) << change;
  }
}

TEST(DatasetIdentity, DependsOnNamesLabelsAndOrder) {
  const std::string before = dataset_identity(rows(3));
  DataSet data = rows(3);
  data.rows[1].path = "/elsewhere";
  EXPECT_EQ(dataset_identity(data), before);
  data.rows[1].label = 0;
  EXPECT_NE(dataset_identity(data), before);
  data = rows(3);
  std::swap(data.rows[0], data.rows[1]);
  EXPECT_NE(dataset_identity(data), before);
  EXPECT_NE(dataset_identity(rows(4)), before);
}

TEST(Shard, IsWrittenAsIndexAndCount) {
  EXPECT_EQ(parse_shard("2/4"), (Shard{2, 4}));
  EXPECT_EQ(to_string(parse_shard("0/1")), "0/1");
  EXPECT_TRUE(holds({2, 4}, 6));
  EXPECT_FALSE(holds({2, 4}, 7));
  for (const char* text : {"", "1", "4/4", "-1/4", "0/0", "1/2/3", "a/b", "1/", "/2", "0/99999999999"})
    EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { parse_shard(text); }),
                HasSubstr("from 0 to n - 1"));
}

}  // namespace
}  // namespace relevid::run
