"""Prints one table, scenarios by clients, from the files that the sessions wrote with `--matrix`."""

import json
import pathlib
import sys

MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "-", None: ""}

sessions = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
clients = [client for session in sessions for client in session["clients"]]
rows: dict[str, dict[str, str]] = {}
for session in sessions:
    for scenario, outcomes in session["outcomes"].items():
        rows.setdefault(scenario, {}).update(outcomes)

width = max(map(len, rows), default=0)
heads = [client.split(" ") for client in clients]
for line in range(3):
    print(" " * width, *(f"{head[line]:>8}" for head in heads))
for scenario, outcomes in rows.items():
    print(f"{scenario:<{width}}", *(f"{MARKS[outcomes.get(client)]:>8}" for client in clients))
