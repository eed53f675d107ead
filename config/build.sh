#!/usr/bin/env bash
# Builds the release program, linked statically against the Swift runtime: .build/release/a2a-gateway
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --configuration release --static-swift-stdlib --explicit-target-dependency-import-check error \
  --product a2a-gateway
