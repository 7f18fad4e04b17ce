"""The socket to Squall: frames out and in, log records.

A frame is eight bytes of length, little endian, then UTF-8 JSON.
"""

import contextlib
import json
import logging
import os
import struct
import sys
import threading
import traceback
import types

HERE = "<squall worker>"


# `guard` is the lock of the call that runs in the thread and that something may be thrown into.
THREAD = threading.local()
UNGUARDED = contextlib.nullcontext()


def settle():
    """A call, at whose start an exception thrown into this thread arrives."""


class Wire:
    """The socket to Squall."""

    def __init__(self):
        self.fd = None
        self.lock = threading.Lock()
        self.forked = False  # whether this process is a copy that has no business on the socket
        self.buffer = bytearray()

    def send(self, message):
        if self.forked:
            return
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        data = memoryview(struct.pack("<Q", len(body)) + body)
        # Nothing can be thrown into this thread while it holds its guard, so no frame is left half
        # written; what was thrown before arrives in `settle`.
        with getattr(THREAD, "guard", UNGUARDED):
            settle()
            with self.lock:
                try:
                    while data:
                        data = data[os.write(self.fd, data):]
                except OSError:
                    os._exit(1)  # Squall is gone

    def frames(self):
        """The frames that are complete after one read; EOFError once the other side has closed."""
        try:
            chunk = os.read(self.fd, 1 << 20)
        except ConnectionError:
            chunk = b""  # the other side was killed with something unread
        if not chunk:
            raise EOFError
        self.buffer += chunk
        while len(self.buffer) >= 8:
            (length,) = struct.unpack_from("<Q", self.buffer)
            if len(self.buffer) < 8 + length:
                break
            body = bytes(self.buffer[8:8 + length])
            del self.buffer[:8 + length]
            yield json.loads(body.decode("utf-8"))


def plain(text):
    """Text without the lone surrogates that UTF-8 cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def safely(show, value):
    try:
        return show(value)
    except Exception:
        return object.__repr__(value)


def note(level, text, module="python", line=0):
    WIRE.send({"op": "log", "l": level, "m": plain(text), "f": plain(module), "n": line})


def debug(text, exception=None):
    if exception is not None:
        text = text + "\n" + "".join(trace(exception)).rstrip("\n")
    note(logging.DEBUG, text)


def trace(exception):
    """The lines of a traceback, without the frames of this file at its start."""
    frames = exception.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == HERE:
        frames = frames.tb_next
    return [plain(line) for line in traceback.format_exception(type(exception), exception, frames)]


def summary(exception):
    return plain(traceback.format_exception_only(type(exception), exception)[0].strip())


class NoLock:
    """What logging takes for a lock."""

    def acquire(self):
        pass

    release = acquire

    def __enter__(self):
        pass

    def __exit__(self, *exception):
        pass


class Forwarder(logging.Handler):
    """Sends the records of logger `chaostoolkit` to Squall."""

    def createLock(self):
        # Sending has its own lock, and one that an exception thrown into a call could leave held
        # would stop every other thread.
        self.lock = NoLock()

    def emit(self, record):
        try:
            text = record.getMessage()
            if record.exc_info and not record.exc_text:
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            if record.exc_text:
                text = text.rstrip() + "\n" + record.exc_text
        except Exception:
            self.handleError(record)
            return
        if WIRE.forked:
            sys.stderr.write("[{}] {}\n".format(record.levelname, text))
        else:
            note(record.levelno, text, record.module, record.lineno)
        self.arrived()

    @staticmethod
    def arrived():
        """Where an exception that could not be thrown during this may be raised."""


def set_up_logging():
    logger = logging.getLogger("chaostoolkit")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(Forwarder())
    stub = types.ModuleType("logzero")
    stub.__path__ = []
    stub.logger = logger
    sys.modules["logzero"] = stub


WIRE = Wire()
