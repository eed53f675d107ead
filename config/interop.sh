#!/usr/bin/env bash
# Runs the built gateway between the official SDKs of both generations of A2A and of Orq, as clients of it and as agents
# behind it, and prints the matrix. Results go to .build/results; arguments are passed on to pytest, for example:
# config/interop.sh -k stream
set -uo pipefail
cd "$(dirname "$0")/.."

results=.build/results
venvs=.build/interop
failed=0
mkdir -p "$results"
generations=(1.0 0.3 orq-4.17.13 orq-4.8.15 orq-3.13.16)
for generation in "${generations[@]}"; do
  venv=$venvs/$generation
  requirements=Tests/Interop/requirements-$generation.txt
  if ! cmp --silent "$requirements" "$venv/installed.txt"; then
    echo "==> Installing $(head -1 "$requirements")"
    rm -rf "$venv"
    python3 -m venv "$venv" \
      && "$venv/bin/pip" install --disable-pip-version-check --requirement "$requirements" \
      && cp "$requirements" "$venv/installed.txt" \
      || exit 1
  fi
done

session() {
  local generation=$1
  shift
  PYTHONDONTWRITEBYTECODE=1 "$venvs/$generation/bin/python" -m pytest Tests/Interop \
    --gateway .build/release/a2a-gateway --venvs "$venvs" \
    --quiet --tb=short -p no:cacheprovider --matrix "$results/matrix-$generation.json" \
    --junitxml "$results/interop-$generation.xml" "$@" > "$results/interop-$generation.log" 2>&1
}

# Sessions mostly wait: the longest runs beside the others.
session "${generations[0]}" "$@" &
first=$!
for generation in "${generations[@]:1}"; do
  session "$generation" "$@" || failed=1
done
wait "$first" || failed=1
for generation in "${generations[@]}"; do
  echo "==> $(head -1 "Tests/Interop/requirements-$generation.txt")"
  cat "$results/interop-$generation.log"
done
echo
files=("${generations[@]/#/$results/matrix-}")
python3 Tests/Interop/matrix.py "${files[@]/%/.json}"
exit "$failed"
