#!/usr/bin/env python3
"""Writes tolerance.json: tolerances, values, and what the reference's `within_tolerance` says.

Run with an interpreter that has chaostoolkit-lib 1.44.0 and jsonpath2:
    python make_tolerance.py [rows [seed]] > tolerance.json
Each row is {"tolerance", "value", "met"} or {"tolerance", "value", "raises"}; the configuration of all is
{"q": 5, "d": {"type": "range", "range": [1, 9]}, "p": "hel+o", "l": [1, 2, 3]}.
"""
import contextlib
import io
import json
import random
import sys
import warnings

from chaoslib import substitute
from chaoslib.hypothesis import within_tolerance

CONFIGURATION = {"q": 5, "d": {"type": "range", "range": [1, 9]}, "p": "hel+o", "l": [1, 2, 3]}

OUTPUT = {"status": 0, "stdout": '{"a": 1, "l": [1, 2]}\n', "stderr": ""}
RESPONSE = {"status": 503, "headers": {"A": "b"}, "body": {"items": [{"n": 1}, {"n": 2}], "text": "hello"}}
VALUES = [None, True, False, 0, 1, 2, 5, -1, 1.0, 1.5, 0.3, 0.1, 1e22, 10**25, float("nan"), float("inf"), "", "a", "b", "hello", "1", "5", " 5 ", "1_0", "abc", "nan", "-inf", "1e3",
          "${zz}", "[1, 2]", '{"a": 0}', "{", "hello\n", [], [1], [1, 2], [1, 2, 3], [[1], [2]], ["a", 1], {}, {"a": 1}, {"status": 200}, {"status": "200"}, {"status": None},
          {"a": {"b": [1, 2, 3]}, "s": "hello", "n": 5, "z": None}, OUTPUT, RESPONSE]
TOLERANCES = [True, False, 0, 1, 5, 200, -1, 10**25, 1.5, None, "", "a", "1", "hello", "${q}", "${d}", "${l}", "${zz}", "$q", "${p}", "x${q}", [], [1], [1, 2], [0, 2], [2, 1], [4, 9], [0.1, 0.3], ["a", "c"], [None, 1],
              [1, "a"], [True, False], [[1], [2]], [[0], [5]], [1, 2, 3], ["a", 1, None], [200, 201], [200, 503], [0, 503, 1], [{"a": 1}, {}], [4.0, 5.0, 6.0], ["${q}"], {}, {"type": None}, {"type": "zzz"}, {"type": 1}]
REGEXES = ["l+", "^hi$", "^hello$", "", "${p}", "$p", "${q}", "[", None, 5, [], {}, ["a"], "^a$$b", "0", r"\d", "(?i)HEL"]
PATHS = ["$", "$.a", "$.n", "$.a.b[*]", "$.*", "$..n", "$.status", "$[0]", "$[*]", "$.zz", "$.l[*]", "$.a.b", "${p}", "$.${p}", "$.a[", "", None, 5, "$.body.items[*].n", "$.body.items.*[?(@.n > 1)].n", "$[::0]", "$.s", "$.z"]
EXPECTS = [0, 1, 5, 5.0, True, None, "hello", "${q}", "${l}", [], [1], [1, 2], [1, 2, 3], [[1, 2, 3]], [[1, 2]], "$q", {"a": 1}, {"b": ["${q}"]}, [None]]
COUNTS = [0, 1, 2, 3, "2", 2.0, True, None, [], -1]
TARGETS = ["stdout", "status", "a", "s", "n", "zz", "", None, 0, 1, "body", [], ["a"], {"a": 1}, "z"]
RANGES = [[4, 8], [0, 2], [0.1, 0.3], [1, 1], [8, 4], [True, False], [-1.5, 10**30], ["1", "5"], [None, 1], [1, None], [1, "x"], ["x", 1], [float("nan"), 1], [0, float("inf")], [], [1], [1, 9, 20], "48", "4", "", None, 5, {}, {"0": 1}, {"a": 1}, [[0, [1], 0], 5]]


def rules(rng):
    target = rng.choice([{}, {}, {"target": rng.choice(TARGETS)}])
    kind = rng.choice(["regex", "jsonpath", "jsonpath", "range"])
    rule = {"type": kind, **target}
    if kind == "regex":
        rule["pattern"] = rng.choice(REGEXES)
    elif kind == "range":
        rule["range"] = rng.choice(RANGES)
    else:
        rule["path"] = rng.choice(PATHS)
        if rng.random() < 0.4:
            rule["expect"] = rng.choice(EXPECTS)
        if rng.random() < 0.3:
            rule["count"] = rng.choice(COUNTS)
    if rng.random() < 0.03:
        rule.pop(rng.choice(list(rule)))
    return rule


def row(tolerance, value):
    made = {"tolerance": tolerance, "value": value}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            resolved = substitute(tolerance, CONFIGURATION, {}) if isinstance(tolerance, str) else tolerance
            made["met"] = bool(within_tolerance(resolved, value, configuration=CONFIGURATION, secrets={}))
    except Exception as error:
        name = type(error).__name__
        if type(error).__module__ != "builtins":
            name = f"{type(error).__module__}.{name}"
        made["raises"] = f"{name}: {error}"
    return made


def main():
    warnings.simplefilter("ignore")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 700
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    rows = [row(tolerance, value) for tolerance in TOLERANCES for value in rng.sample(VALUES, 12)]
    rows += [row(rules(rng), rng.choice(VALUES)) for _ in range(count)]
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


main()
