// SPDX-License-Identifier: Apache-2.0
// explain_a_clip MODEL.onnx VIDEO: the predicted class, and how much of its relevance each frame has.
#include <relevid/error.h>
#include <relevid/explain.h>

#include <cstdio>

namespace {

void explain(const char* model_path, const char* video_path) {
  const relevid::Model model(model_path);
  const auto found = model.find_settings();  // how frames are prepared, from the file or MODEL.json beside it
  if (!found)
    throw relevid::Error(relevid::ErrorKind::kInvalidArgument,
                         "the model does not say how frames are prepared");
  const relevid::ModelSettings& settings = found->settings;
  const relevid::Shape clip_shape = model.clip_shape(settings);  // [1, 3, T, H, W]

  relevid::MethodOptions method;
  method.method = "deep_taylor";
  auto [low, high] = relevid::input_bounds(settings.preprocessing, clip_shape[2]);
  const relevid::InputRange range{std::move(low), std::move(high)};
  relevid::ClipExplainer explainer(model, clip_shape, method, &range);

  relevid::InputOptions input;
  input.settings = settings;
  const relevid::TargetChoice predicted{};
  const auto explanations =
      relevid::explain_input(explainer, clip_shape, video_path, input, {&predicted, 1}, {});
  const relevid::Explanation& explanation = explanations.front();

  std::printf("%s\n", relevid::class_label(explanation.target, settings.class_names).c_str());
  const auto shares = explanation.frame_share.as_doubles();  // [clips, T]
  const auto& frames = explanation.plans.front().frame_indices;
  for (size_t t = 0; t < frames.size(); ++t)
    std::printf("frame %lld: %.3f\n", static_cast<long long>(frames[t]), shares[t]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: explain_a_clip MODEL.onnx VIDEO\n");
    return 2;
  }
  try {
    explain(argv[1], argv[2]);
  } catch (const relevid::Error& error) {
    std::fprintf(stderr, "explain_a_clip: %s: %s\n", relevid::name(error.kind()).data(), error.what());
    return relevid::exit_status(error.kind());
  }
  return 0;
}
