#!/usr/bin/env bash
# Installs what building or testing needs and this machine lacks (Debian, Ubuntu). Usage: config/setup.sh build|test
set -euo pipefail

purpose=${1:?usage: config/setup.sh build|test}
packages=()

need() { # need PACKAGE COMMAND...: the package is missing when the command fails
  local package=$1
  shift
  "$@" > /dev/null 2>&1 || packages+=("$package")
}

if ! command -v swift > /dev/null; then
  echo "Swift 6.2 or newer is needed; see https://www.swift.org/install/linux/" >&2
  exit 1
fi
need pkg-config pkg-config --version
need libssl-dev pkg-config --exists 'openssl >= 3'
if [[ $purpose == test ]]; then
  need openssl openssl version
  need python3 python3 --version
  need python3-venv python3 -c 'import ensurepip, venv'
fi

if ((${#packages[@]} > 0)); then
  echo "==> Installing ${packages[*]}"
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
fi
