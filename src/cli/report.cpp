// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "relevid/audit_page.h"
#include "relevid/audit_summary.h"
#include "relevid/error.h"
#include "relevid/evaluate_report.h"
#include "relevid/run_file.h"

namespace relevid::cli {
namespace {

enum class Form { kText, kJson, kCsv, kHtml, kPng };

const Words<Form> kForms = {{"text", Form::kText},
                            {"json", Form::kJson},
                            {"csv", Form::kCsv},
                            {"html", Form::kHtml},
                            {"png", Form::kPng}};

/// As the command line has it.
std::string word_of(Form form) {
  return std::ranges::find(kForms, form, &Words<Form>::value_type::second)->first;
}

struct ReportCommand {
  std::vector<std::string> runs, models;
  std::string out, table, rules;
  Form form = Form::kText;
  std::optional<EvaluationReportOptions::Score> score;
  int64_t page_limit_mib = 12;
  bool summary = false;
  AuditPageOptions page;

  int run();

 private:
  void check() const;
  void check_evaluation() const;
  void write_text();
  void write_evaluation() const;
  void write_page();
  /// Of several runs, as text or JSON there is nothing else.
  bool is_summary() const;
  void check_summary() const;
  void write_summary();
  /// --out, or otherwise this.
  std::filesystem::path out_or(const std::filesystem::path& path) const {
    return out.empty() ? path : std::filesystem::path(out);
  }
  void write_figures() const;
};

void to_stdout(std::string_view piece) {
  if (std::fwrite(piece.data(), 1, piece.size(), stdout) != piece.size())
    throw Error(ErrorKind::kIo, "standard output takes no more");
}

/// A file that `write` fills piece by piece; it appears whole or not at all.
void to_file(const std::filesystem::path& path, const std::function<void(const ReportSink&)>& write) {
  AtomicFile file(path);
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  const auto check = [&] {
    if (!stream) throw Error(ErrorKind::kIo, fmt::format("{} cannot be written", path.string()));
  };
  check();
  write([&](std::string_view piece) {
    stream.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    check();
  });
  stream.close();
  check();
  file.commit();
}

/// The run's name with another extension, beside it.
std::filesystem::path beside(const std::string& run, const char* extension) {
  return std::filesystem::path(run).replace_extension(extension);
}

void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

void write_html(const std::filesystem::path& path, const std::function<void(const ReportSink&)>& write) {
  to_file(path, write);
  fmt::print("written      {}\n", printable(path.string()));
}

void ReportCommand::check_evaluation() const {
  if (runs.size() > 1) refuse("an evaluation is reported by itself");
  if (form == Form::kPng) refuse("an evaluation is reported as text, json, csv or html, not png");
  if (form == Form::kCsv && table.empty())
    refuse("--format csv writes one table; say which by --table ranking, curves, measures or videos");
  if (form != Form::kCsv && !table.empty())
    refuse(fmt::format("--table is of --format csv, not of {}", word_of(form)));
  if (!models.empty() || !rules.empty()) refuse("--model and --rules are of an audit's page");
  if (summary) refuse("--summary is of audits");
}

void ReportCommand::write_evaluation() const {
  EvaluationReportOptions options;
  options.format = form == Form::kText   ? EvaluationReportOptions::Format::kText
                   : form == Form::kJson ? EvaluationReportOptions::Format::kJson
                                         : EvaluationReportOptions::Format::kCsv;
  if (!table.empty()) options.table = evaluation_table(table);
  if (score) options.score = *score;
  options.replicates = page.report.replicates;
  options.seed = page.report.seed;
  if (form == Form::kHtml)
    return write_html(out_or(beside(runs[0], ".html")),
                      [&](const ReportSink& sink) { write_evaluation_page(runs[0], options, sink); });
  if (out.empty()) return write_evaluation_report(runs[0], options, to_stdout);
  to_file(out, [&](const ReportSink& sink) { write_evaluation_report(runs[0], options, sink); });
}

void ReportCommand::check() const {
  if (score) refuse("--score is of an evaluation's run");
  if (form == Form::kCsv && table.empty())
    refuse("--format csv writes one table; say which by --table profiles, sweep, clips, videos or positions");
  if (form != Form::kCsv && !table.empty())
    refuse(fmt::format("--table is of --format csv, not of {}", word_of(form)));
  if (form != Form::kHtml && (!models.empty() || !rules.empty()))
    refuse(fmt::format("--model and --rules are of --format html, not of {}", word_of(form)));
  if (runs.size() > 1 && form == Form::kPng && !out.empty())
    refuse("several runs have a picture each, beside them; leave --out away");
  if (runs.size() > 1 && form == Form::kCsv)
    refuse(
        "--format csv is of one run; html puts several side by side, text and json summarise several "
        "trainings");
}

bool ReportCommand::is_summary() const {
  return summary || (runs.size() > 1 && (form == Form::kText || form == Form::kJson));
}

void ReportCommand::check_summary() const {
  if (form == Form::kCsv || form == Form::kPng)
    refuse(fmt::format("a summary of trainings is text, json or html, not {}", word_of(form)));
  if (!table.empty()) refuse("--table is of --format csv, which a summary of trainings does not have");
  if (score) refuse("--score is of an evaluation's run");
  if (!models.empty() || !rules.empty()) refuse("--model and --rules are of the page of runs side by side");
}

void ReportCommand::write_summary() {
  const std::vector<std::filesystem::path> paths(runs.begin(), runs.end());
  if (form == Form::kHtml) {
    const auto path = out_or(paths[0].parent_path() / "summary.html");
    return write_html(path,
                      [&](const ReportSink& sink) { write_audit_summary_page(paths, page.report, sink); });
  }
  page.report.format = form == Form::kText ? ReportOptions::Format::kText : ReportOptions::Format::kJson;
  if (out.empty()) return write_audit_summary(paths, page.report, to_stdout);
  to_file(out, [&](const ReportSink& sink) { write_audit_summary(paths, page.report, sink); });
}

void ReportCommand::write_text() {
  page.report.format = form == Form::kText   ? ReportOptions::Format::kText
                       : form == Form::kJson ? ReportOptions::Format::kJson
                                             : ReportOptions::Format::kCsv;
  if (form == Form::kCsv) page.report.table = report_table(table);
  if (out.empty()) return write_audit_report(runs[0], page.report, to_stdout);
  to_file(out, [&](const ReportSink& sink) { write_audit_report(runs[0], page.report, sink); });
}

void ReportCommand::write_page() {
  page.models.assign(models.begin(), models.end());
  page.rules_file = rules;
  page.picture_limit_bytes = page_limit_mib << 20;
  const std::vector<std::filesystem::path> paths(runs.begin(), runs.end());
  write_html(out_or(beside(runs[0], ".html")), [&](const ReportSink& sink) {
    ProgressLine line("relevid");
    const RunControl control{[&](const Progress& progress) { line.show(progress); }, &interrupt_flag()};
    write_audit_page(paths, page, sink, control);
  });
}

void ReportCommand::write_figures() const {
  for (const std::string& one : runs)
    claim_output(out_or(beside(one, ".png")), fmt::format("the picture of {}", one));
  for (const std::string& one : runs) {
    const std::filesystem::path path = out_or(beside(one, ".png"));
    draw_audit_figure(path, one, page.report);
    fmt::print("written      {}\n", printable(path.string()));
  }
}

int ReportCommand::run() {
  if (run_kind(runs[0]) == RunKind::kEvaluation) {
    check_evaluation();
    write_evaluation();
    return 0;
  }
  if (is_summary()) {
    check_summary();
    write_summary();
    return 0;
  }
  check();
  if (form == Form::kHtml)
    write_page();
  else if (form == Form::kPng)
    write_figures();
  else
    write_text();
  return 0;
}

}  // namespace

void add_report(CLI::App& program, Action& action) {
  auto command = std::make_shared<ReportCommand>();
  ReportOptions& options = command->page.report;
  CLI::App* app = program.add_subcommand(
      "report", "Say what an audit or an evaluation found: text, JSON, tables, a page, a picture");
  reads(app->add_option(
            "RUN", command->runs,
            "the run of an audit or an evaluation, finished or not; several audits: trainings of one "
            "recipe, summarised, or as html side by side"))
      ->required();
  add_choice(*app, "--format", command->form, kForms,
             "text, json, csv; html: a page; png: its charts as one picture");
  app->add_flag(
      "--summary", command->summary,
      "of three or more audits: one page over all trainings; text and json of several are that anyway");
  app->add_option("--table", command->table,
                  "of csv: profiles, sweep, clips, videos or positions; of an evaluation ranking, curves, "
                  "measures or videos");
  add_parsed(*app, "--score", command->score, evaluation_score,
             "of an evaluation: curves of the probability (default) or the logit");
  app->add_option(
      "--out", command->out,
      "a file; otherwise standard output, for html and png RUN.html and RUN.png, for a summary's page "
      "summary.html beside the first run");
  reads(app->add_option("--model", command->models,
                        "of html: the run's model, to show the relevance of extreme videos; may repeat"))
      ->allow_extra_args(false);
  reads(app->add_option("--rules", command->rules,
                        "of html: the file of rules that the run was explained with"));
  app->add_option("--page-limit", command->page_limit_mib, "of html: MiB of pictures for each run")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app->add_option("--threads", command->page.threads, "of html: 0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app->add_option("--smallest-excess", options.smallest_excess,
                  "of interest in the border: 0.05 is 1.05 times the null's")
      ->capture_default_str();
  app->add_option("--smallest-gain", options.smallest_gain, "of interest in accuracy: 0.05 is 5 points")
      ->capture_default_str();
  app->add_option("--replicates", options.replicates, "of the bootstrap")->capture_default_str();
  app->add_option("--seed", options.seed, "of the bootstrap")->capture_default_str();
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
