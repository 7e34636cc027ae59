// SPDX-License-Identifier: Apache-2.0
// Training updates (forward, backward, SGD) of the small C3D of the demo and of the published one, against
// the convolutions of oneDNN that they cannot do without, and against PyTorch where a Python with it is
// named. Gradients are checked against the reference library before anything is timed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <dnnl.hpp>

#include "bare_convolution.h"
#include "graph/specialise.h"
#include "kernels/devices.h"
#include "models/models.h"
#include "peak_memory.h"
#include "pytorch_peer.h"
#include "relevid/error.h"
#include "timing.h"
#include "train/optimiser.h"
#include "train/trainable_model.h"
#include "workload.h"

namespace relevid::bench {
namespace {

constexpr double kShareOfFloor = 0.75, kFasterThanPytorch = 1.3, kTolerance = 1e-3;

struct Options {
  bool check = false;
  int rounds = 7, threads = 0;
  int64_t batch = 8;
  std::string python, memory_of;
};

struct Subject {
  std::string architecture;
  CreateOptions create;
};

std::vector<Subject> subjects() {
  CreateOptions small;
  small.height = 56;
  small.classes = 4;
  small.width = 0.5;
  return {{"c3d_small", small}, {"c3d", {}}};
}

/// One network, its optimiser, and a batch of noise.
class Training {
 public:
  Training(const Subject& subject, int64_t batch, kernels::Library& library)
      : shape_{batch, 3, subject.create.clip_len, subject.create.height, subject.create.height},
        model_(models::create(subject.architecture, subject.create), shape_, library, {}),
        optimiser_({}, model_.parameters()),
        clips_(noise_clip(shape_)),
        labels_(static_cast<size_t>(batch)) {
    for (size_t i = 0; i < labels_.size(); ++i) labels_[i] = static_cast<int64_t>(i) % model_.class_count();
  }
  void update() {
    gradients();
    optimiser_.step(model_.gradients(), 1e-6);
    model_.parameters_changed();
  }
  std::span<Tensor> gradients() {
    const auto loss = model_.step(clips_, labels_, 1);
    if (!std::isfinite(loss.loss))
      throw Error(ErrorKind::kInternal, "the loss is not finite, so nothing is timed");
    return model_.gradients();
  }
  const Shape& shape() const { return shape_; }

 private:
  Shape shape_;
  train::TrainableModel model_;
  train::Optimiser optimiser_;
  Tensor clips_;
  std::vector<int64_t> labels_;
};

void check_gradients(Subject subject, int threads) {
  subject.create.width = 0.0625;
  subject.create.height = 32;
  const auto reference = kernels::make_library("reference");
  const auto onednn = kernels::make_library(kDefaultDevice, {threads});
  Training want(subject, 2, *reference), have(subject, 2, *onednn);
  double worst = 0;
  const auto w = want.gradients(), h = have.gradients();
  for (size_t i = 0; i < w.size(); ++i) worst = std::max(worst, relative_difference(w[i], h[i]));
  fmt::print("{}: gradients of a narrow one off by {:.1e} of the largest against the reference library\n",
             subject.architecture, worst);
  if (!(worst <= kTolerance)) throw Error(ErrorKind::kInternal, "wrong gradients, so nothing is timed");
}

bool report(const std::string& what, double found, double target) {
  const bool met = found >= target;
  fmt::print("  {:<44} {:7.3f}      target {:.2f}: {}\n", what, found, target, met ? "met" : "MISSED");
  return met;
}

bool time_subject(const Subject& subject, const Options& options) {
  check_gradients(subject, options.threads);
  const auto library = kernels::make_library(kDefaultDevice, {options.threads});
  Training training(subject, options.batch, *library);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const graph::Model model = models::create(subject.architecture, subject.create);
  auto bare = bare_convolutions(engine, graph::specialise(model, {{"clip", training.shape()}}),
                                BareConvolution::Use::kTraining);
  std::unique_ptr<PytorchPeer> peer;
  if (!options.python.empty())
    peer = std::make_unique<PytorchPeer>(options.python, subject.architecture, subject.create, options.batch,
                                         options.threads);
  Interleaved work;
  work.add("floor", [&] {
    for (size_t i = 0; i < bare.size(); ++i) {
      bare[i].run_forward(stream);
      if (i > 0) bare[i].run_backward_data(stream);  // nobody needs the gradient by the clip
      bare[i].run_backward_weights(stream);
    }
  });
  work.add("update", [&] { training.update(); });
  if (peer) work.add("pytorch", [&] { peer->update(); });
  work.run(options.rounds);

  const auto row = [&](const char* what, const char* name) {
    const double ms = work.median_of(name);
    fmt::print("  {:<44} {:9.1f} ms {:8.2f} clips/s\n", what, ms,
               1000 * static_cast<double>(options.batch) / ms);
  };
  fmt::print("{}, batch {}, median of {} interleaved rounds\n", subject.architecture, options.batch,
             options.rounds);
  row("bare convolutions: forward, by data, by weights", "floor");
  row("update", "update");
  if (peer) row("PyTorch's update", "pytorch");
  bool met = report("share of the floor", work.ratio("floor", "update"), kShareOfFloor);
  if (peer) met &= report("times as fast as PyTorch", work.ratio("pytorch", "update"), kFasterThanPytorch);
  const double gib = 1.0 / (1 << 30);
  fmt::print("  {:<44} {:7.2f} GiB\n", "peak memory",
             gib * static_cast<double>(peak_of_child(subject.architecture, options.threads)));
  if (peer)
    fmt::print("  {:<44} {:7.2f} GiB\n", "PyTorch's peak memory",
               gib * static_cast<double>(peer->peak_bytes()));
  return met;
}

/// What `--memory` does, in a process of its own: three updates.
int measure_memory(const Options& options) {
  for (const Subject& subject : subjects()) {
    if (subject.architecture != options.memory_of) continue;
    const auto library = kernels::make_library(kDefaultDevice, {options.threads});
    Training training(subject, options.batch, *library);
    for (int i = 0; i < 3; ++i) training.update();
    fmt::print("{}\n", peak_resident_bytes());
  }
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Times training updates against the bare convolutions of oneDNN.");
  app.add_flag("--check", options.check, "end with status 1 where a target is missed");
  app.add_option("--rounds", options.rounds, "rounds that count")->check(CLI::Range(3, 1000));
  app.add_option("--threads", options.threads, "0: all cores")->check(CLI::NonNegativeNumber);
  app.add_option("--batch", options.batch)->check(CLI::Range(1, 256));
  app.add_option("--python", options.python, "a Python with PyTorch, timed in the same rounds");
  app.add_option("--memory", options.memory_of, "train this architecture and print the peak in bytes");
  CLI11_PARSE(app, argc, argv);
  if (!options.memory_of.empty()) return measure_memory(options);
  bool met = true;
  for (const Subject& subject : subjects()) met &= time_subject(subject, options);
  return met || !options.check ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace relevid::bench

int main(int argc, char** argv) {
  try {
    return relevid::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "train_bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
