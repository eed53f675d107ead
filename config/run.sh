#!/usr/bin/env bash
# Installs what is missing, builds the release, and runs the gateway with the shipped configuration and cards.
# Arguments are passed on to `a2a-gateway serve`. Ctrl-C drains and stops it.
set -euo pipefail
cd "$(dirname "$0")/.."

config/setup.sh build
echo "==> Building (a few minutes the first time)"
config/build.sh
echo "==> Starting"
.build/release/a2a-gateway serve --config config/gateway.json "$@" &
gateway=$!
trap 'kill -TERM "$gateway"' INT TERM

until (exec 3<> /dev/tcp/127.0.0.1/8080) 2> /dev/null; do
  if ! kill -0 "$gateway" 2> /dev/null; then
    wait "$gateway"
    exit
  fi
  sleep 0.1
done
cat << 'HELP'

The gateway answers at http://127.0.0.1:8080. From another terminal:

  curl http://127.0.0.1:8080/agents/echo/.well-known/agent-card.json
  .build/release/a2a-gateway send http://127.0.0.1:8080/agents/echo "Hello"

HELP
# The first wait ends when a signal comes, the second when the gateway has drained.
wait "$gateway" || wait "$gateway"
