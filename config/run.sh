#!/usr/bin/env bash
# Installs what is missing, builds the release, and runs the gateway with the shipped configuration and cards.
# Ctrl-C stops it.
set -euo pipefail
cd "$(dirname "$0")/.."

config/setup.sh build
echo "==> Building (a few minutes the first time)"
config/build.sh
echo "==> Starting"
.build/release/a2a-gateway serve --config config/gateway.json &
gateway=$!
trap 'kill -TERM "$gateway"' INT TERM

until (exec 3<> /dev/tcp/127.0.0.1/8080) 2> /dev/null; do
  kill -0 "$gateway" 2> /dev/null || break
  sleep 0.1
done
sleep 0.2 # the port may be another program's; then the gateway has said so and gone
kill -0 "$gateway" 2> /dev/null || wait "$gateway"
cat << 'HELP'

The gateway answers at http://127.0.0.1:8080. From another terminal:

  curl http://127.0.0.1:8080/agents
  .build/release/a2a-gateway send echo "Hello"
  .build/release/a2a-gateway send packing-list "3 days, rainy" --stream

HELP
# The first wait ends when a signal comes, the second when the gateway has drained.
wait "$gateway" || wait "$gateway"
