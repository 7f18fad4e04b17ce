"""Activities for the cases: each shows one way in which user code can behave."""
import datetime
import decimal
import os
import signal
import sys
import time
import uuid
from pathlib import Path

_counts = {}


def give(value=None):
    """Returns what it is given."""
    return value


def pair(left, right="r", *rest, **named):
    """Arguments of every kind."""
    return [left, right, list(rest), named]


def required(item):
    """One argument without a default."""
    return item


def at_least(value=0, floor=10):
    """A tolerance: is the value big enough?"""
    return value >= floor


def both(configuration=None, secrets=None, extra=None):
    """What a function is handed besides its arguments."""
    return {"configuration": configuration, "secrets": secrets, "extra": extra}


def kinds(configuration=None):
    """The types of the configuration."""
    return {k: "%s %r" % (type(v).__name__, v) for k, v in configuration.items()}


def raw(configuration=None):
    """The configuration itself."""
    return configuration


def learn(configuration=None, key="learned", value="yes"):
    """Tries to change the configuration for those who come after."""
    configuration[key] = value


def fail(reason="it is not to be"):
    raise RuntimeError(reason)


def fail_politely(reason="this activity failed"):
    from chaoslib.exceptions import ActivityFailed
    raise ActivityFailed(reason)


def interrupt(reason="stop here"):
    from chaoslib.exceptions import InterruptExecution
    raise InterruptExecution(reason)


def leave(code=3):
    sys.exit(code)


def keyboard():
    raise KeyboardInterrupt()


def count(key="n"):
    """Calls so far in this run: modules keep their state."""
    _counts[key] = _counts.get(key, 0) + 1
    return _counts[key]


def drift(good=1):
    """True for the first calls, then False."""
    return count("drift") <= good


def breaks(good=1):
    """True for the first calls, then it raises."""
    if count("breaks") > good:
        raise ValueError("probe is broken")
    return True


def odd(what):
    """Outputs that JSON has no form for, or an unexpected one."""
    return {
        "date": datetime.date(2024, 2, 29),
        "datetime": datetime.datetime(2024, 2, 29, 12, 30, 1, 5),
        "zoned": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
        "decimal": decimal.Decimal("1.50"),
        "uuid": [uuid.UUID(int=7)],
        "tuple": (1, (2, "x")),
        "keys": {1: "int", None: "none", True: "bool", 2.5: "float"},
        "big": 2 ** 80,
        "tiny": [1e-7, 1e22, 0.1, -0.0, 5e-324],
        "text": "caf\u00e9 \U0001f300 \u0001 \"quoted\" \\",
        "deep": {"a": [{"b": [{"c": []}]}]},
        "set": {1},
        "bytes": b"\x00\xff",
        "nan": float("nan"),
        "inf": [float("inf"), float("-inf")],
        "object": Path("somewhere"),
        "error": ValueError("as a value"),
        "delta": datetime.timedelta(seconds=3),
        "tuplekey": {(1, 2): "x"},
        "generator": (n for n in range(3)),
    }[what]


async def later():
    return "awaited"


class Thing:
    def __init__(self, name="thing"):
        self.name = name

    @staticmethod
    def method():
        return 1


def ready(seconds=8.0, name="ready"):
    """Says by a file that it has begun, then waits in small steps."""
    Path(name).write_text("1")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)
    return "waited"


def asleep(seconds=8.0, name="ready"):
    """Says by a file that it has begun, then waits in one blocking call."""
    Path(name).write_text("1")
    time.sleep(seconds)
    return "slept"


def await_file(name, limit=10.0):
    """Waits until another activity has made a file."""
    end = time.monotonic() + limit
    while not os.path.exists(name):
        if time.monotonic() > end:
            raise RuntimeError("no file %s" % name)
        time.sleep(0.02)
    return True


def touch(name):
    Path(name).write_text("touched\n")
    return name


def nap(seconds):
    time.sleep(seconds)
    return seconds


def kill_self(name="TERM"):
    """Signals its own process, as user code does."""
    os.kill(os.getpid(), getattr(signal, "SIG" + name))
    time.sleep(0.5)
    return "still here"


def exit_gracefully():
    from chaoslib.exit import exit_gracefully as leave_now
    leave_now()
    time.sleep(0.5)


def exit_ungracefully():
    from chaoslib.exit import exit_ungracefully as leave_now
    leave_now()
    time.sleep(0.5)


def log(message, level="info"):
    from logzero import logger
    getattr(logger, level)(message)
    return True


def environment(name):
    return os.environ.get(name)
