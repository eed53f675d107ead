"""Adds up the results of all runners. Usage: summary.py NAME:EXIT_CODE[:JUNIT_FILE]...

The last line counts the tests; a runner that failed without a failed test, or that left no results, counts as one.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

passed_in_all, failed_in_all = 0, 0
for argument in sys.argv[1:]:
    name, code, *files = argument.split(":")
    passed, failed, skipped = 0, 0, 0
    for file in files:
        if not pathlib.Path(file).exists():
            print(f"{name}: no results in {file}")
            failed += 1
            continue
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    if code != "0" and failed == 0:
        failed = 1
    counts = f"{passed} passed, {failed} failed, {skipped} skipped" if files else "failed" if failed else "passed"
    print(f"{name}: {counts}")
    passed_in_all += passed
    failed_in_all += failed
print(f"{passed_in_all} passed, {failed_in_all} failed")
sys.exit(1 if failed_in_all else 0)
