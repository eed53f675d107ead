#!/usr/bin/env bash
# Checks the format, builds everything, runs all tests and the official clients; the last line counts them.
set -uo pipefail
cd "$(dirname "$0")/.."

results=.build/results
begin() { printf '\n==> %s (after %d min %02d s)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

config/setup.sh test || exit 1
rm -rf "$results" && mkdir -p "$results"

begin "Format"
swift format lint --strict --parallel --recursive --configuration config/swift-format.json Package.swift Sources Tests
format=$?

begin "Release build"
config/build.sh || exit 1

begin "Test build"
check=(--explicit-target-dependency-import-check error)
swift build --build-tests "${check[@]}" || exit 1

begin "Swift tests"
# A test that hangs is a failure, not a pause: the whole run takes seconds.
timeout --kill-after 10 600 \
  swift test --skip-build --disable-xctest "${check[@]}" --xunit-output "$results/swift.xml"
swift=$?

begin "Official clients"
config/interop.sh
clients=$?

begin "All tests"
python3 config/summary.py "Format:$format" "Swift tests:$swift:$results/swift.xml" \
  "Official clients:$clients:$results/interop-1.0.xml:$results/interop-0.3.xml:$results/interop-orq-4.17.13.xml:$results/interop-orq-4.8.15.xml:$results/interop-orq-3.13.16.xml"
