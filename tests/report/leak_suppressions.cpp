// SPDX-License-Identifier: Apache-2.0
// Fontconfig keeps its patterns until the process ends, which LeakSanitizer reports as leaks of ours. The
// sanitizer looks this function up by its name; without the sanitizer nobody calls it.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\n";
}
