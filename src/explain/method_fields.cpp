// SPDX-License-Identifier: Apache-2.0
#include "relevid/method_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <type_traits>
#include <utility>

#include "base/suggest.h"
#include "explain/automatic.h"
#include "explain/cam.h"
#include "explain/gradient_attention.h"
#include "explain/motion.h"
#include "explain/perturbation.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using Names = std::vector<std::string>;
using Ends = MethodField::Range::Ends;
using Effect = MethodField::Effect;

template <class E>
using Words = std::vector<std::pair<std::string, E>>;

const Words<Start>& words_of(Start) {
  static const Words<Start> kWords = {
      {"default", Start::kDefault}, {"logit", Start::kLogit}, {"one", Start::kOne}};
  return kWords;
}
const Words<GateRule>& words_of(GateRule) {
  static const Words<GateRule> kWords = {
      {"default", GateRule::kDefault}, {"signal", GateRule::kSignal}, {"half", GateRule::kHalf}};
  return kWords;
}
const Words<NormHandling>& words_of(NormHandling) {
  static const Words<NormHandling> kWords = {
      {"default", NormHandling::kDefault}, {"linear", NormHandling::kLinear}, {"pass", NormHandling::kPass}};
  return kWords;
}
const Words<GradientPaths>& words_of(GradientPaths) {
  static const Words<GradientPaths> kWords = {{"all", GradientPaths::kAll}, {"libra", GradientPaths::kLibra}};
  return kWords;
}
const Words<PathBaseline>& words_of(PathBaseline) {
  static const Words<PathBaseline> kWords = {{"zero", PathBaseline::kZero}, {"mean", PathBaseline::kMean}};
  return kWords;
}
const Words<Score>& words_of(Score) {
  static const Words<Score> kWords = {{"logit", Score::kLogit}, {"probability", Score::kProbability}};
  return kWords;
}
const Words<Fill>& words_of(Fill) {
  static const Words<Fill> kWords = {{"default", Fill::kDefault},
                                     {"mean", Fill::kMean},
                                     {"zero", Fill::kZero},
                                     {"blur", Fill::kBlur},
                                     {"freeze", Fill::kFreeze}};
  return kWords;
}
const Words<Precision>& words_of(Precision) {
  static const Words<Precision> kWords = {{"f32", Precision::kFloat32}, {"bf16", Precision::kBfloat16}};
  return kWords;
}

template <class E>
Names names_of(E kind) {
  Names names;
  for (const auto& [name, value] : words_of(kind)) names.push_back(name);
  return names;
}

/// A member as a value of a field, and back.
template <auto kMember>
MethodFieldValue get(const MethodOptions& options) {
  const auto& member = options.*kMember;
  using T = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_enum_v<T>) {
    const auto& words = words_of(T{});
    return std::ranges::find(words, member, &std::pair<std::string, T>::second)->first;
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return member.string();
  } else {
    return member;
  }
}

template <auto kMember>
void put(MethodOptions& options, const MethodFieldValue& value) {
  auto& member = options.*kMember;
  using T = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_enum_v<T>) {
    const auto& words = words_of(T{});
    member =
        std::ranges::find(words, std::get<std::string>(value), &std::pair<std::string, T>::first)->second;
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    member = std::get<std::string>(value);
  } else {
    member = std::get<T>(value);
  }
}

template <auto kMember>
MethodField field(std::string_view name, std::string_view option, std::string_view help, Names methods,
                  std::optional<MethodField::Range> range = std::nullopt, Effect effect = Effect::kMap) {
  using T = std::remove_cvref_t<decltype(std::declval<MethodOptions>().*kMember)>;
  MethodField result{name, option, help, {}, range, std::move(methods), effect, get<kMember>, put<kMember>};
  if constexpr (std::is_enum_v<T>) result.words = names_of(T{});
  return result;
}

Names joined(std::initializer_list<Names> lists) {
  Names all;
  for (const Names& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::vector<MethodField> make_fields() {
  // "auto" stands for a preset, whichever it is.
  const Names presets = joined({preset_names(), {std::string(kAutomatic)}}), motion = motion_method_names();
  const Names with_rules = joined({presets, motion}), changing = perturbation_method_names();
  const Names attending = gradient_attention_method_names();
  const Names everyone =
      joined({with_rules, gradient_method_names(), attending, cam_method_names(), changing});
  // Those whose relevance depends on the network's values.
  Names with_values = with_rules;
  std::erase_if(with_values, [](const std::string& name) {
    return name == "null_profile" || name == "attention_rollout";
  });
  const Names starting = joined({with_rules, gradient_method_names(), attending, cam_method_names()});
  const Names occlusion = occlusion_method_names();
  const Names filling =
      joined({occlusion, rise_method_names(), extremal_method_names(), shapley_method_names()});
  constexpr double kMostCount = 1e6, kMostSize = 1 << 20;
  const auto count = [](double least, double most) { return MethodField::Range{least, most}; };
  const MethodField::Range share{0, 1, Ends::kExcluded};

  using O = MethodOptions;
  std::vector<MethodField> fields = {
      field<&O::start>("start", "--start", "what starts at the target", starting),
      field<&O::contrast>("contrast", "--against", "explain the target's score less this class's", everyone),
      field<&O::gate>("gate", "--gate", "products of branches: all relevance to the signal, or half to each",
                      with_values),
      field<&O::norm>(
          "norm", "--norm",
          "layer norms: linear in their input with a constant deviation, or passing relevance as it is",
          with_values),
      field<&O::rules_file>("rules_file", "--rules", "JSON file of rules that come before the preset's",
                            with_rules),
      field<&O::layer>("layer", "--layer",
                       "whose feature map is taken (the last convolution's); of presets: where relevance "
                       "stops (at the clip)",
                       joined({presets, cam_method_names()})),
      field<&O::relevance>("relevance", "--relevance", "the preset that is taken apart", motion),
      field<&O::selective_sigmas>("selective_sigmas", "--sigmas",
                                  "deviations that a change over time exceeds", {"selective_relevance"},
                                  count(0, 1e6)),
      field<&O::paths>("paths", "--paths",
                       "ways a gradient goes back: all, or those of LibraGrad, which adds up to the score",
                       {"gradient", "input_x_gradient", "integrated_gradients", "smoothgrad"}),
      field<&O::integration_baseline>("integration_baseline", "--ig-baseline",
                                      "where the path begins: zeros, or each channel's mean",
                                      {"integrated_gradients"}),
      field<&O::integration_steps>("integration_steps", "--ig-steps", "points of the path",
                                   {"integrated_gradients"}, count(1, 10000)),
      field<&O::noise_samples>("noise_samples", "--samples", "noisy copies", {"smoothgrad"}, count(1, 10000)),
      field<&O::noise_level>("noise_level", "--noise", "standard deviation over the clip's range",
                             {"smoothgrad"}, count(0, 1e6)),
      field<&O::score>("score", "--score", "what is watched", changing),
      field<&O::fill>("fill", "--fill", "what stands in for what is taken out", filling),
      field<&O::window>("window", "--window",
                        "FRAMESxROWSxCOLUMNS covered at once, 0: the method's own; shapley_frames: frames a "
                        "player",
                        joined({occlusion, shapley_method_names()}), count(0, kMostSize)),
      field<&O::window_stride>("window_stride", "--window-stride", "FRAMESxROWSxCOLUMNS between windows",
                               occlusion, count(0, kMostSize)),
      field<&O::masks>("masks", "--masks", "random masks", rise_method_names(), count(2, kMostCount)),
      field<&O::cells>("cells", "--cells", "FRAMESxROWSxCOLUMNS cells of a mask, 0: the method's own",
                       joined({rise_method_names(), extremal_method_names()}), count(0, kMostSize)),
      field<&O::keep_share>("keep_share", "--keep-share", "how much of the clip a mask shows",
                            rise_method_names(), share),
      field<&O::areas>("areas", "--areas", "shares of the clip, with commas between", extremal_method_names(),
                       share),
      field<&O::iterations>("iterations", "--iterations", "steps of the mask's optimisation (of each area)",
                            joined({extremal_method_names(), temporal_mask_method_names()}),
                            count(1, 100000)),
      field<&O::permutations>("permutations", "--permutations", "random orders of the frames",
                              shapley_method_names(), count(1, kMostCount)),
      field<&O::batch>("batch", "--batch", "changed clips that go through the network together", changing,
                       count(1, 1024), Effect::kSpeed),
      field<&O::seed>("seed", "--seed", "of noise, masks and orders",
                      joined({{"smoothgrad"}, rise_method_names(), shapley_method_names()})),
      field<&O::device>("device", "--device", "what the network runs on", everyone),
      field<&O::precision>("precision", "--precision",
                           "what convolutions multiply: f32, or bf16 where the processor does that",
                           everyone),
  };
  std::ranges::find(fields, "relevance", &MethodField::name)->words = preset_names();
  return fields;
}

[[noreturn]] void refuse(const MethodField& field, const std::string& found, const std::string& wanted) {
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} {}: {}", field.option, found, wanted));
}

std::string range_text(const MethodField::Range& range) {
  if (range.ends == Ends::kExcluded)
    return fmt::format("a number between {} and {}", range.least, range.most);
  return fmt::format("a number from {:.10g} to {:.10g}", range.least, range.most);
}

bool is_within(const MethodField::Range& range, double value) {
  return range.ends == Ends::kExcluded ? value > range.least && value < range.most
                                       : value >= range.least && value <= range.most;
}

std::string text_of(const MethodFieldValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::optional<int64_t>>) {
          return v ? fmt::format("{}", *v) : "";
        } else if constexpr (std::is_same_v<T, std::array<int64_t, 3>>) {
          return v == T{} ? "0" : fmt::format("{}", fmt::join(v, "x"));
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          return fmt::format("{}", fmt::join(v, ","));
        } else {
          return fmt::format("{}", v);
        }
      },
      value);
}

void check_numbers(const MethodField& field, const MethodFieldValue& value) {
  const auto check = [&](double number) {
    if (!is_within(*field.range, number)) refuse(field, text_of(value), range_text(*field.range));
  };
  std::visit(
      [&](const auto& v) {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::array<int64_t, 3>>) {
          for (const int64_t size : v) check(static_cast<double>(size));
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          if (v.empty()) refuse(field, "", "one number at least");
          for (const double number : v) check(number);
        } else if constexpr (std::is_arithmetic_v<T>) {
          check(static_cast<double>(v));
        }
      },
      value);
}

void check_value(const MethodField& field, const MethodFieldValue& value) {
  if (field.range) check_numbers(field, value);
  if (field.words.empty()) return;
  const auto& word = std::get<std::string>(value);
  if (std::ranges::find(field.words, word) != field.words.end()) return;
  refuse(field, word + did_you_mean(word, field.words),
         fmt::format("it is one of {}", fmt::join(field.words, ", ")));
}

/// A whole number or a floating-point one that takes up all of `text`.
template <class T>
T number_of(const MethodField& field, std::string_view text, std::string_view whole,
            const std::string& wanted) {
  T value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && rest == text.data() + text.size() && !text.empty()) return value;
  refuse(field, std::string(whole), wanted);
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// `text` as the kind of value that `like` is.
MethodFieldValue parsed(const MethodField& field, std::string_view text, const MethodFieldValue& like) {
  const std::string one = field.range ? range_text(*field.range) : "a whole number";
  const std::string sizes_wanted = "frames, rows and columns with x between, such as 4x32x32";
  return std::visit(
      [&](const auto& v) -> MethodFieldValue {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return std::string(text);
        } else if constexpr (std::is_same_v<T, std::optional<int64_t>>) {
          return text.empty() ? T{} : T{number_of<int64_t>(field, text, text, one)};
        } else if constexpr (std::is_same_v<T, std::array<int64_t, 3>>) {
          T sizes{};
          const auto parts = parts_of(text, 'x');
          if (parts.size() > sizes.size()) refuse(field, std::string(text), sizes_wanted);
          for (size_t i = 0; i < parts.size(); ++i)
            sizes[i] = number_of<int64_t>(field, parts[i], text, sizes_wanted);
          return sizes;
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          T numbers;
          for (const auto part : parts_of(text, ','))
            numbers.push_back(number_of<double>(field, part, text, one));
          return numbers;
        } else {
          return number_of<T>(field, text, text, one);
        }
      },
      like);
}

}  // namespace

bool MethodField::is_taken_by(std::string_view method) const {
  return std::ranges::find(methods, method) != methods.end();
}

void MethodField::set(MethodOptions& options, const MethodFieldValue& value) const {
  if (value.index() != get(options).index())
    refuse(*this, text_of(value), fmt::format("not the kind of value that {} is", name));
  check_value(*this, value);
  put(options, value);
}

void MethodField::set_text(MethodOptions& options, std::string_view text) const {
  set(options, parsed(*this, text, get(options)));
}

std::string MethodField::text(const MethodOptions& options) const {
  return text_of(get(options));
}

void MethodField::check(const MethodOptions& options) const {
  check_value(*this, get(options));
}

std::span<const MethodField> method_fields() {
  static const std::vector<MethodField> kFields = make_fields();
  return kFields;
}

const MethodField& method_field(std::string_view name) {
  const auto fields = method_fields();
  const auto found = std::ranges::find(fields, name, &MethodField::name);
  if (found != fields.end()) return *found;
  Names names;
  for (const MethodField& field : fields) names.emplace_back(field.name);
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no setting of a method is called '{}'{}; there are {}", name,
                          did_you_mean(name, names), fmt::join(names, ", ")));
}

void require_valid_settings(const MethodOptions& options) {
  for (const MethodField& field : method_fields()) {
    if (field.is_taken_by(options.method)) field.check(options);
  }
}

}  // namespace relevid
