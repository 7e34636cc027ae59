// SPDX-License-Identifier: Apache-2.0
// The one table of what a method of explanation can be told. Command-line options, records of settings and
// their reading back, the pages' grouping and the keywords of bindings are made from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relevid/export.h"
#include "relevid/methods.h"

namespace RELEVID_EXPORT relevid {

/// The value of a setting. Words of a choice, names and paths are strings; three sizes are frames, rows,
/// columns.
using MethodFieldValue = std::variant<int64_t, uint64_t, double, std::string, std::optional<int64_t>,
                                      std::array<int64_t, 3>, std::vector<double>>;

/// One setting of MethodOptions.
struct MethodField {
  std::string_view name;    ///< the member's, as records and bindings have it: "noise_level"
  std::string_view option;  ///< as the command line has it: "--noise"
  std::string_view help;    ///< what it is, for people; without the names of the methods
  /// What a choice may be; empty for settings that are no choice.
  std::vector<std::string> words;
  /// Of a number, or of each of several.
  struct Range {
    double least, most;
    /// Whether the two are in the range.
    enum class Ends { kIncluded, kExcluded } ends = Ends::kIncluded;
  };
  std::optional<Range> range;
  std::vector<std::string> methods;  ///< which listen to it; it changes nothing for the others
  /// kMap: the relevance depends on it. kSpeed: only time and memory do, and the last bits.
  enum class Effect { kMap, kSpeed } effect = Effect::kMap;

  MethodFieldValue (*get)(const MethodOptions& options);
  /// Without a look at range and words: set() is for that.
  void (*put)(MethodOptions& options, const MethodFieldValue& value);

  /// Whether `method`, one of methods() or "auto", listens to it.
  bool is_taken_by(std::string_view method) const;
  /// Throws Error(kInvalidArgument) naming the option, what was found and what would do, where the value is
  /// of another kind, out of range, or an unknown word.
  void set(MethodOptions& options, const MethodFieldValue& value) const;
  /// set() from text as the command line has it: "0.1", "4x32x32", "0.05,0.1", "probability".
  void set_text(MethodOptions& options, std::string_view text) const;
  /// What set_text() reads; "" for an optional that is not set.
  std::string text(const MethodOptions& options) const;
  /// Throws as set() does, for the value that `options` hold.
  void check(const MethodOptions& options) const;
};

/// All settings, in the order in which records and help have them.
std::span<const MethodField> method_fields();
/// Throws Error(kInvalidArgument) with the nearest name where there is no such setting.
const MethodField& method_field(std::string_view name);

/// Checks every setting that options.method listens to. Throws as MethodField::set() does.
void require_valid_settings(const MethodOptions& options);

}  // namespace relevid
