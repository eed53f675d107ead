#!/usr/bin/env bash
# Builds the release and measures it beside nginx and HAProxy, where these are installed; arguments go to
# `a2a-gateway-bench compare`. Example: config/bench.sh echo send --rounds 7
set -euo pipefail
cd "$(dirname "$0")/.."

config/build.sh
swift build --configuration release --static-swift-stdlib --explicit-target-dependency-import-check error \
  --product a2a-gateway-bench
exec .build/release/a2a-gateway-bench compare "$@"
