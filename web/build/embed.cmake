# SPDX-License-Identifier: Apache-2.0
# cmake -D INPUT=page.html -D OUTPUT=page_template.cpp -P embed.cmake: the file's bytes as a C++ source.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made by web/build/embed.cmake.
#include \"page_template/page_template.h\"

namespace {
// One byte more than the page, so that there is an array also without it.
constexpr unsigned char kPage[] = {
${bytes}0};
}  // namespace

std::string_view relevid::page_template() {
  return {reinterpret_cast<const char*>(kPage), sizeof(kPage) - 1};
}
")
