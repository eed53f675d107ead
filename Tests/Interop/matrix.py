"""Prints the matrix from the files that the sessions wrote with `--matrix`: one table for agents on the gateway's machine,
scenarios by callers; for agents elsewhere one of callers by agents, and one of scenarios by agents, with what is different
there and why."""

import json
import pathlib
import sys

MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "-"}

rows = [row for path in sys.argv[1:] for row in json.loads(pathlib.Path(path).read_text(encoding="utf-8"))]
here = [row for row in rows if row["backend"] == "here"]
elsewhere = [row for row in rows if row["backend"] != "here"]
reasons = list(dict.fromkeys(reason for row in elsewhere for reason in row["differences"]))


def distinct(rows, name):
    return list(dict.fromkeys(row[name] for row in rows))


def table(rows, first, column, cell):
    """One line for each value of `first`; the heads of the columns stand on three lines."""
    columns = distinct(rows, column)
    lines = [["", *[(head.split() + [""] * 3)[line] for head in columns]] for line in range(3)]
    for value in distinct(rows, first):
        of_line = [row for row in rows if row[first] == value]
        lines.append([value, *[cell([row for row in of_line if row[column] == head]) for head in columns]])
    width, *widths = (max(map(len, texts)) for texts in zip(*lines))
    for value, *texts in lines:
        print(f"{value:<{width}} ", *(f"{text:>{width}}" for text, width in zip(texts, widths)))


def failures(rows):
    return sum(row["outcome"] == "failed" for row in rows)


def mark(rows):
    # A scenario may run in several ways.
    return "FAILED" if failures(rows) else MARKS[rows[-1]["outcome"]] if rows else ""


def count(rows):
    """How many scenarios a caller has run with agents of one place."""
    failed = f", {failures(rows)} FAILED" if failures(rows) else ""
    return f"{len(rows) - failures(rows)} ok{failed}" if rows else ""


def differences(rows):
    """What all callers have in common: ok, with the numbers of the differences, or how many failed."""
    if failures(rows):
        return f"FAILED {failures(rows)}/{len(rows)}"
    numbers = sorted({reasons.index(reason) + 1 for row in rows for reason in row["differences"]})
    return " ".join(["ok", *map(str, numbers)]) if rows else ""


if here:
    print("Agents on the gateway's machine, by callers")
    table(here, "scenario", "client", mark)
if elsewhere:
    print("\nScenarios that callers have run with agents elsewhere")
    table(elsewhere, "client", "backend", count)
    print("\nAgents elsewhere; a cell holds for every caller, and its numbers say what is different there")
    table(elsewhere, "scenario", "backend", differences)
    print()
    for number, reason in enumerate(reasons, 1):
        print(f"{number:>2}: {reason}")
