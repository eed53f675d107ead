#!/usr/bin/env bash
# Measures which paths of the program are hot, and writes config/release.profdata, by which releases are compiled
# (Package.swift). To be run when hot paths have changed: of a function that is no longer what it was the old profile says
# nothing. Takes some six minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build/profile
config/setup.sh build
# Both are of the toolchain that compiles: their formats are its own.
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
runtime=$(ls "$tools"/../lib/clang/*/lib/*linux*/libclang_rt.profile*"$(uname -m)"*.a | head -1)
rm -rf "$scratch/raw" && mkdir -p "$scratch/raw"

echo "==> Building the program that counts"
A2A_GATEWAY_PROFILE=measure swift build --configuration release --static-swift-stdlib --scratch-path "$scratch" \
  --product a2a-gateway -Xlinker -u -Xlinker __llvm_profile_runtime -Xlinker "$runtime"
swift build --configuration release --static-swift-stdlib --product a2a-gateway-bench

echo "==> Measuring"
LLVM_PROFILE_FILE="$PWD/$scratch/raw/%p.profraw" .build/release/a2a-gateway-bench compare \
  echo send stream stream-paced tls tls-full tls-resumed --gateway "$scratch/release/a2a-gateway" \
  --rounds 1 --time 2s --noise 100

echo "==> Writing config/release.profdata"
# Functions that are seldom called are compiled as without a profile. Those that the compiler names by the file they are in
# would be found on this machine only, and its own helpers are counted under one name for all modules. And names of Swift
# begin as the line does with which a profile's text tells of a bitmap: that there is none has to be said.
"$tools/llvm-profdata" merge --sparse --text --output "$scratch/all.proftext" "$scratch"/raw/*.profraw
awk -v min=10000 '
  BEGIN { RS = ""; FS = "\n" }
  NR == 1 { sub(/^[^\n]*\n:ir\n/, ""); print "# IR level Instrumentation Flag\n:ir" }
  /^[^\n]*[\/<]/ || /^__swift_/ { next }
  {
    hot = 0; counting = 0; record = ""
    for (i = 1; i <= NF; i++) {
      if ($i ~ /^# /) {
        if (counting) record = record "$0\n"
        counting = $i == "# Counter Values:"
      } else if (counting && $i + 0 >= min) hot = 1
      record = record $i "\n"
    }
    if (counting) record = record "$0\n"
    if (hot) print record
  }
' "$scratch/all.proftext" > "$scratch/hot.proftext"
"$tools/llvm-profdata" merge --output config/release.profdata "$scratch/hot.proftext"
"$tools/llvm-profdata" show config/release.profdata

# SwiftPM does not look at the profile: what was compiled by the old one goes.
rm -rf "$(swift build --configuration release --show-bin-path)" .build/release.yaml
echo "==> Done: config/build.sh builds by the new profile"
