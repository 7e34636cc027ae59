// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid::cli {

/// The words that an option takes, and what each stands for.
template <class T>
using Words = std::vector<std::pair<std::string, T>>;

/// The value that an option's word stands for. Throws Error(kInvalidArgument) with all words and the nearest.
template <class T>
T choice(const std::string& text, const std::string& option, const Words<T>& known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} {}{}; it is one of {}", option, text,
                                                       did_you_mean(text, names), fmt::join(names, ", ")));
}

/// CLI11's transform from a word to an enumerator, whose variable the option fills itself. Errors as
/// choice().
template <class T>
class Choice : public CLI::Validator {
 public:
  Choice(std::string option, Words<T> words) {
    func_ = [option = std::move(option), words = std::move(words)](std::string& text) {
      text = std::to_string(static_cast<std::underlying_type_t<T>>(choice(text, option, words)));
      return std::string();
    };
  }
};

template <class Value>
struct EnumeratorOf {
  using Type = Value;
};
template <class T>
struct EnumeratorOf<std::optional<T>> {
  using Type = T;
};

/// An option that fills an enumerator, or an optional one that stays empty where it is not given. What the
/// enumerator has so far is shown as the default.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        const Words<typename EnumeratorOf<Value>::Type>& words, const std::string& help) {
  CLI::Option* option = app.add_option(name, value, help)->type_name("WORD");
  for (const auto& [word, meaning] : words)
    if (meaning == value) option->default_str(word);
  return option->transform(Choice<typename EnumeratorOf<Value>::Type>(option->get_name(), words));
}

/// An option whose text `parse` makes a value of as soon as it is read; what `parse` throws ends the command.
template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Value& value, Parse parse,
                        const std::string& help) {
  return app.add_option_function<std::string>(
      name, [&value, parse](const std::string& text) { value = parse(text); }, help);
}

}  // namespace relevid::cli
