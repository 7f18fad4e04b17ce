#!/usr/bin/env python3
"""Writes check.json: experiments with one thing wrong, and what the reference's validation says.

Run with an interpreter that has chaostoolkit-lib 1.44.0 with jsonpath2:  python make_check.py > check.json
Each row is {"experiment", "what", "with"} and either "error" (the message), "crash" (the exception) or neither
(it is valid). "what" and "with" tell the change; a "with" that is absent stands for a removed entry.
"""
import contextlib
import copy
import io
import json
import logging
import os
import random
import sys
import tempfile

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid

logging.disable(logging.CRITICAL)


def activity(name, provider, **more):
    return {"type": "probe", "name": name, "provider": provider, **more}


ECHO = {"type": "process", "path": "echo", "arguments": ["a"], "timeout": 3}
HTTP = {"type": "http", "url": "http://x", "headers": {"A": "b"}, "timeout": [1, 2], "arguments": {"a": 1}}
EXPERIMENT = {
    "title": "t",
    "description": "d",
    "tags": ["a", "b"],
    "extensions": [{"name": "x", "more": 1}],
    "contributions": {"reliability": "high"},
    "configuration": {
        "plain": 1,
        "home": {"type": "env", "key": "HOME", "default": "x", "env_var_type": "str"},
        "number": {"type": "env", "key": "NOT_SET", "default": "5", "env_var_type": "int"},
        "dynamic": {"type": "probe", "provider": {"type": "process", "path": "nowhere"}},
    },
    "secrets": {"scope": {"plain": "s", "home": {"type": "env", "key": "HOME"}, "deep": {"er": {"type": "env", "key": "HOME"}}}},
    "steady-state-hypothesis": {
        "title": "h",
        "controls": [{"name": "local", "provider": {"type": "other"}, "scope": "before"}],
        "probes": [
            activity("p0", ECHO, tolerance=0),
            activity("p1", HTTP, tolerance=[200, 201]),
            activity("p2", ECHO, tolerance={"type": "regex", "pattern": "^a$", "target": "stdout"}),
            activity("p3", ECHO, tolerance={"type": "jsonpath", "path": "$.a", "expect": 1}),
            activity("p4", ECHO, tolerance={"type": "range", "range": [1, 2.5]}),
            activity("p5", ECHO, tolerance=activity("t", ECHO)),
            {"ref": "a0", "tolerance": True},
        ],
    },
    "method": [
        {"type": "action", "name": "a0", "provider": ECHO, "pauses": {"before": 1, "after": "${p}"}, "timeout": 5, "background": True},
        {"ref": "p1"},
        activity("a1", HTTP, controls=[{"name": "c2", "provider": {"type": "other"}}]),
    ],
    "rollbacks": [{"ref": "nowhere"}, activity("r", ECHO)],
    "controls": [{"name": "c", "provider": {"type": "other", "module": "m"}, "scope": "after", "automatic": False}],
}
# No two parts are one object.
EXPERIMENT = json.loads(json.dumps(EXPERIMENT))
JUNK = [None, True, False, 0, 3, -1.5, "", " ", "x", "action", "probe", "${x}", "$.x", "[", "http", "process", "env", "vault", "regex", "range", "before", "NOPE",
        [], [1], ["x"], [None], {}, {"x": 1}, {"type": "env"}, {"type": "vault", "key": "k"}, {"name": "n"}, {"ref": "x"}, [{}], [{"name": "n"}], [[]], [1, "2"], {"1": {"2": 3}}]


def paths(value, at=()):
    if at:
        yield at
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], at + (key,))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from paths(value[index], at + (index,))


def changed(experiment, at, *junk):
    experiment = copy.deepcopy(experiment)
    holder = experiment
    for step in at[:-1]:
        holder = holder[step]
    if junk:
        holder[at[-1]] = copy.deepcopy(junk[0])
    else:
        del holder[at[-1]]
    return experiment


def judge(experiment):
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            ensure_experiment_is_valid(copy.deepcopy(experiment))
    except ChaosException as error:
        return {"error": str(error)}
    except Exception as error:
        return {"crash": f"{type(error).__name__}: {error}"}
    return {}


def main():
    os.environ.clear()
    os.environ["HOME"] = "/home/someone"
    with tempfile.TemporaryDirectory() as programs:
        echo = os.path.join(programs, "echo")
        open(echo, "w").close()
        os.chmod(echo, 0o755)
        os.environ["PATH"] = programs
        write()


def write():
    pick = random.Random(4)
    rows = []
    assert judge(EXPERIMENT) == {}, judge(EXPERIMENT)
    for at in paths(EXPERIMENT):
        cases = [(changed(EXPERIMENT, at), {})]
        # Everything that is an activity, a tolerance or a section gets all junk, the rest some.
        for junk in JUNK if len(at) <= 2 else pick.sample(JUNK, 9):
            cases.append((changed(EXPERIMENT, at, junk), {"with": junk}))
        for experiment, change in cases:
            rows.append(json.dumps({"what": "/".join(map(str, at)), **change, **judge(experiment)}))
    sys.stdout.write('{"experiment": ' + json.dumps(EXPERIMENT) + ',\n"changes": [\n' + ",\n".join(rows) + "\n]}\n")


main()
