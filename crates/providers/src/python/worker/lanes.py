"""Ending calls from outside, and signals that code sends to its own process."""

import inspect
import logging
import os
import signal
import sys
import threading
import time

try:
    import ctypes
except ImportError:  # then calls beside the main lane cannot be thrown into
    ctypes = None

from squall_worker.wire import THREAD, WIRE, Forwarder, Wire, debug, note, plain, safely, summary, trace

FORWARDED = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2") if hasattr(signal, name)
)
CANCEL_SIGNAL = signal.SIGURG  # ignored by default, so a stray one harms nobody
WAKE = os.pipe()


class Cancelled(SystemExit):
    """Thrown into a call whose result nobody waits for any more."""


class Interrupted(Exception):
    """Stands for chaoslib's `ExperimentExitedException` where chaoslib is not in use."""


class Active:
    main = None


def outcome(kind, exception):
    """An answer that tells of an exception."""
    if isinstance(exception, Cancelled):
        return {"k": "cancelled"}
    if isinstance(exception, SystemExit):
        return {"k": "exit", "m": plain(safely(str, exception.code))}
    if isinstance(exception, KeyboardInterrupt):
        return {"k": "keyboard"}
    return {"k": kind, "m": summary(exception), "x": trace(exception)}


def throw_if_cancelled(number, frame):
    job = ACTIVE.main
    if job is not None and job.cancelled and may_throw(frame):
        job.thrown_at = time.monotonic()
        raise Cancelled(20)


def may_throw(frame):
    """Whether no code on this stack would leave something half done that others depend on."""
    while frame is not None:
        if frame.f_code in UNSAFE or frame.f_code.co_filename == logging.__file__:
            return False
        frame = frame.f_back
    return True


def throw_into(thread, exception):
    target = ctypes.py_object(exception) if exception is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


def press(job):
    """Throws into a cancelled call, once, and again should it go on regardless."""
    if ctypes is None and not job.main:
        return
    with job.lock:
        if job.finished or (job.thrown_at is not None and time.monotonic() - job.thrown_at < 0.4):
            return
        if job.main:
            if ACTIVE.main is job:
                signal.pthread_kill(threading.main_thread().ident, CANCEL_SIGNAL)
        elif job.thread is not None and may_throw(sys._current_frames().get(job.thread)):
            job.thrown_at = time.monotonic()
            throw_into(job.thread, interruption())


def raise_if_cancelled():
    """For code that never comes out of what must not be interrupted."""
    main = threading.current_thread() is threading.main_thread()
    job = ACTIVE.main if main else getattr(THREAD, "job", None)
    if job is None or not job.cancelled:
        return
    with job.lock:
        if job.finished or job.thrown_at is not None:
            return
        job.thrown_at = time.monotonic()
    raise Cancelled(20) if main else interruption()()


def interruption():
    """The class of what is thrown into calls beside the main lane."""
    known = sys.modules.get("chaoslib.exceptions")
    return getattr(known, "ExperimentExitedException", Interrupted)


def set_up_signals():
    """Code that signals its own process means Squall's run; what comes from outside Squall gets itself.

    A terminal's Ctrl-C or a service manager's SIGTERM reaches the whole process group.
    """
    own_kill = os.kill

    def passive(number, frame):
        if number not in (signal.SIGINT, signal.SIGTERM):
            try:
                os.write(WAKE[1], bytes([number]))
            except BlockingIOError:
                pass  # as many wait to be told

    def mine(number):
        return number in FORWARDED and not WIRE.forked and signal.getsignal(number) is passive

    def forward(number):
        number = int(number)
        job = ACTIVE.main if threading.current_thread() is threading.main_thread() else None
        WIRE.send({"op": "signal", "n": number})
        # In one process the handler would throw here and now.
        limit = time.monotonic() + 1.0
        while job is not None and time.monotonic() < limit:
            time.sleep(0.005)

    def kill(pid, sig):
        if pid == os.getpid() and mine(sig):
            return forward(sig)
        return own_kill(pid, sig)

    kill.__signature__ = inspect.signature(own_kill)
    os.kill = kill

    def guarded(original, default=None):
        def send(*arguments):
            number = arguments[0] if arguments else default
            if number is not None and mine(number):
                return forward(number)
            return original(*arguments)

        return send

    if hasattr(signal, "raise_signal"):
        signal.raise_signal = guarded(signal.raise_signal)
    import _thread

    _thread.interrupt_main = guarded(_thread.interrupt_main, signal.SIGINT)

    for number in FORWARDED:
        signal.signal(number, passive)
    signal.signal(CANCEL_SIGNAL, throw_if_cancelled)

    def in_child():
        WIRE.forked = True
        os.kill = own_kill
        os.close(WIRE.fd)
        for number in FORWARDED:
            if signal.getsignal(number) is passive:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.signal(CANCEL_SIGNAL, signal.SIG_DFL)

    os.register_at_fork(after_in_child=in_child)


ACTIVE = Active()
Forwarder.arrived = staticmethod(raise_if_cancelled)
# Code that must not be left half done: others wait for its locks, or for the rest of a frame.
UNSAFE = {function.__code__ for function in (Wire.send, Forwarder.emit, note, debug)}
