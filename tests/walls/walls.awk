# SPDX-License-Identifier: Apache-2.0
# Finds include lines that cross a wall. Arguments are source files named from the project's root:
# src/MODULE/... or include/relevid/... . Prints FILE:LINE: REASON for each and ends with status 1 if there was one.
#
# What a module may include besides itself and the C++ standard library:
#   MODULE              anything of that module: its internal headers and the public ones it owns
#   relevid/x.h, kernels/kernels.h   just this header
function define_modules() {
  may["base"] = ""
  may["tensor"] = "base"
  may["graph"] = "tensor base"
  may["onnx"] = "graph tensor base"
  may["models"] = "graph tensor base"
  may["kernels"] = "tensor base"  # the seam: src/kernels/*.h, *.cpp
  may["kernels/onednn"] = "kernels tensor base"
  may["kernels/reference"] = "kernels tensor base"
  may["network"] = "graph kernels/kernels.h kernels/composed.h kernels/specs.h tensor base"
  may["explain"] = "network graph kernels/kernels.h kernels/specs.h tensor base"
  may["video"] = "tensor base"
  may["clips"] = "relevid/video.h tensor base"
  may["data"] = "relevid/video.h tensor base"
  may["train"] = "relevid/video.h network graph kernels/kernels.h kernels/specs.h clips data tensor base"
  may["run"] = "relevid/video.h video/frame_groups.h clips data tensor base"
  may["statistics"] = "base"
  may["audit"] = "run statistics clips data tensor base"
  may["evaluate"] = "run statistics relevid/video.h clips data tensor base"
  may["tune"] = "evaluate run statistics relevid/video.h clips data tensor base"
  may["report"] = "relevid/video.h tensor base"
  may["api"] = "page_template/page_template.h train models report tune evaluate audit statistics run data clips video explain network kernels kernels/onednn kernels/reference onnx graph tensor base"
  may["cli"] = "public base"
  may["public"] = "public"  # include/relevid: what is installed
}

# Which module a public header belongs to.
function define_owners() {
  owner["error.h"] = owner["clip_layout.h"] = owner["export.h"] = owner["precision.h"] = owner["progress.h"] = "base"
  owner["tensor.h"] = owner["npz.h"] = "tensor"
  owner["video.h"] = "video"
  owner["sampling.h"] = owner["preprocessing.h"] = owner["hugging_face.h"] = "clips"
  owner["dataset.h"] = owner["generate.h"] = "data"
  owner["device.h"] = "kernels"
  owner["methods.h"] = owner["method_fields.h"] = owner["layer_account.h"] = "explain"
  owner["figures.h"] = owner["colormap.h"] = "report"
  owner["evaluate_report.h"] = "evaluate"
  owner["run_file.h"] = owner["audit_control.h"] = "run"
  owner["audit_report.h"] = "audit"
  owner["model.h"] = owner["explain.h"] = owner["explanation_files.h"] = owner["audit.h"] = owner["audit_page.h"] = owner["audit_summary.h"] = owner["evaluate.h"] = owner["tune.h"] = "api"
  owner["create.h"] = "models"
  owner["train.h"] = "train"
}

# Third-party and system headers by their beginning, and the modules that may include them. What is not here is refused.
function define_libraries() {
  library["dnnl"] = library["oneapi/"] = "kernels/onednn"
  library["omp.h"] = library["immintrin.h"] = "kernels kernels/onednn kernels/reference"
  library["libav"] = library["libsw"] = "video"
  library["onnx/"] = library["google/protobuf/"] = "onnx"
  library["sqlite3"] = "run"
  library["boost/math/"] = "statistics"
  library["cairo"] = library["pango/"] = library["glib.h"] = library["zlib.h"] = "report"
  library["zip.h"] = "tensor"
  library["nettle/"] = "base"
  library["CLI/"] = "cli"
  library["nlohmann/"] = "clips data explain train run statistics audit evaluate tune report api cli"
  library["fmt/"] = "*"
  library["fnmatch.h"] = "explain train"
  library["fcntl.h"] = library["unistd.h"] = library["signal.h"] = library["sys/"] = "*"
}

BEGIN {
  define_modules()
  define_owners()
  define_libraries()
}

# Whether the space-separated list holds the word.
function holds(list, word) { return index(" " list " ", " " word " ") > 0 }

function starts_with(text, beginning) { return substr(text, 1, length(beginning)) == beginning }

# The module of a path below src/: its folder, or for kernels the one below it.
function module_of(path,    parts, count) {
  count = split(path, parts, "/")
  if (parts[1] == "kernels" && count > 2) return parts[1] "/" parts[2]
  return parts[1]
}

function report(reason) {
  printf "%s:%d: %s\n", FILENAME, FNR, reason
  violations++
}

function check_library(header,    prefix, modules) {
  if (header !~ /[.\/]/) return  # the C++ standard library
  for (prefix in library) {
    if (!starts_with(header, prefix)) continue
    modules = library[prefix]
    if (module != "public" && modules == "*" || holds(modules, module)) return
    report("<" header "> may not be included by " module ", only by: " (modules == "*" ? "modules of src/" : modules))
    return
  }
  report("<" header "> is of a library that tests/walls/walls.awk does not know; give it a module there")
}

function check_public(header,    name) {
  if (holds(may[module], "public") || holds(may[module], header)) return
  name = substr(header, length("relevid/") + 1)
  if (!(name in owner)) {
    report("\"" header "\" is owned by no module; give it one in tests/walls/walls.awk")
  } else if (owner[name] != module && !holds(may[module], owner[name])) {
    report("\"" header "\" belongs to " owner[name] ", which " module " may not include")
  }
}

function check_quoted(header,    target) {
  if (header !~ /\// || header ~ /\.\./) {
    report("\"" header "\" does not name its module: write \"module/header.h\"")
    return
  }
  if (starts_with(header, "relevid/")) {
    check_public(header)
    return
  }
  target = module_of(header)
  if (target == module || holds(may[module], target) || holds(may[module], header)) return
  report("\"" header "\" belongs to " target ", which " module " may not include")
}

FNR == 1 {
  if (FILENAME ~ /^include\/relevid\//) {
    module = "public"
  } else {
    module = module_of(substr(FILENAME, length("src/") + 1))
  }
  if (!(module in may)) report("module " module " is not in tests/walls/walls.awk; say there what it may include")
}

module == "public" && /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)([ \t(!]|$)/ {
  report("a public header has no conditional sections")
}

/^[ \t]*#[ \t]*include/ {
  line = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
  if (match(line, /^<[^>]+>/)) {
    check_library(substr(line, 2, RLENGTH - 2))
  } else if (match(line, /^"[^"]+"/)) {
    check_quoted(substr(line, 2, RLENGTH - 2))
  } else {
    report("an include that is neither <...> nor \"...\" hides what it includes")
  }
}

END { exit violations > 0 }
