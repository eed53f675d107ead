"""Prints the matrix from the files that the sessions wrote with `--matrix`: one table for agents on the gateway's machine,
scenarios by clients; one for agents elsewhere, scenarios by places, with what is different there and why."""

import json
import pathlib
import sys

MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "-"}

rows = [row for path in sys.argv[1:] for row in json.loads(pathlib.Path(path).read_text(encoding="utf-8"))]
here = [row for row in rows if row["backend"] == "here"]
elsewhere = [row for row in rows if row["backend"] != "here"]


def distinct(rows, name):
    return list(dict.fromkeys(row[name] for row in rows))


def table(rows, column, cell):
    """One line for each scenario; the heads of the columns stand on three lines."""
    columns = distinct(rows, column)
    lines = [["", *[(head.split() + [""] * 3)[line] for head in columns]] for line in range(3)]
    for scenario in distinct(rows, "scenario"):
        of_scenario = [row for row in rows if row["scenario"] == scenario]
        lines.append([scenario, *[cell([row for row in of_scenario if row[column] == head]) for head in columns]])
    first, *others = (max(map(len, texts)) for texts in zip(*lines))
    for scenario, *texts in lines:
        print(f"{scenario:<{first}} ", *(f"{text:>{width}}" for text, width in zip(texts, others)))


def mark(rows):
    return MARKS[rows[0]["outcome"]] if rows else ""


if here:
    print("Agents on the gateway's machine, by clients")
    table(here, "client", mark)

if elsewhere:
    reasons = list(dict.fromkeys(reason for row in elsewhere for reason in row["differences"]))

    def marks(rows):
        """What all clients have in common: ok, the numbers of the differences, or how many failed."""
        failed = sum(row["outcome"] == "failed" for row in rows)
        if failed:
            return f"FAILED {failed}" if failed < len(rows) else "FAILED"
        if not rows or all(row["outcome"] == "skipped" for row in rows):
            return "-" if rows else ""
        numbers = sorted({reasons.index(reason) + 1 for row in rows for reason in row["differences"]})
        return "ok" + "".join(f" {number}" for number in numbers)

    print("\nAgents elsewhere, by places; a cell is what all of these see:", ", ".join(distinct(elsewhere, "client")))
    table(elsewhere, "backend", marks)
    print()
    for number, reason in enumerate(reasons, 1):
        print(f"{number:>2}: {reason}")
