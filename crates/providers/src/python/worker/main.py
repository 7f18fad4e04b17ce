"""Runs people's Python for Squall: activities, controls, event handlers, plugins, discovery.

These modules are sent to a Python interpreter (3.7 or newer) over a socket and need nothing but the
standard library. Calls of the main lane run in the main thread, one after the other; others in a thread
each. A reader thread takes frames off the socket, keeps the live objects up to date, and carries out
cancellations.
"""

import os
import queue
import select
import sys
import threading
import traceback

from squall_worker import activities, controls, packages
from squall_worker.controls import REGISTRY
from squall_worker.graph import GRAPH
from squall_worker.house import HOUSE, WORLD
from squall_worker.lanes import ACTIVE, UNSAFE, WAKE, outcome, press, set_up_signals, throw_into
from squall_worker.wire import THREAD, WIRE, set_up_logging


class Job:
    def __init__(self, message, fresh):
        self.message = message
        self.fresh = fresh
        self.number = message["id"]
        self.main = not message.get("bg")
        self.lock = threading.Lock()
        self.cancelled = False
        self.finished = False
        self.thrown_at = None
        self.thread = None

    def value(self, name):
        return GRAPH.value(self.message.get(name), self.fresh)

    def run(self):
        """Makes the call and sends the answer."""
        answer = {"k": "cancelled"}
        try:
            try:
                if self.main:
                    ACTIVE.main = self
                else:
                    THREAD.job, THREAD.guard = self, self.lock
                    self.thread = threading.get_ident()
                if not self.cancelled:
                    answer = OPERATIONS[self.message["op"]](self)
            finally:
                if self.main:
                    ACTIVE.main = None
        except BaseException as exception:
            answer = {"k": "cancelled"} if self.cancelled else outcome("errored", exception)
        self.finish()
        self.answer(answer)

    def finish(self):
        # From here on nothing is thrown into this thread; what was thrown and has not yet arrived is
        # taken back, or arrives inside this loop.
        while True:
            try:
                if ACTIVE.main is self:
                    ACTIVE.main = None
                with self.lock:
                    self.finished = True
                if not self.main and self.thrown_at is not None:
                    throw_into(self.thread, None)
                return
            except BaseException:
                continue

    def answer(self, answer):
        answer["id"] = self.number
        updates, walk = [], set(self.message.get("walk", ()))
        try:
            if "value" in answer:
                answer["v"], known = GRAPH.pack(answer.pop("value"), updates)
                walk |= known
        except Exception as exception:  # of a container that is people's code itself
            del updates[:]
            answer = dict(outcome("errored", exception), id=self.number)
        with GRAPH.lock:
            GRAPH.collect(walk, updates)
            answer["up"] = updates
            answer["seen"] = GRAPH.seen
            if REGISTRY.listening():
                answer["ev"] = True
            WORLD.report(answer)
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except Exception:
                    pass
            WIRE.send(answer)


def read():
    jobs = {}
    events = select.poll()
    events.register(WIRE.fd, select.POLLIN)
    events.register(WAKE[0], select.POLLIN)
    while True:
        pressing = [job for job in jobs.values() if job.cancelled and not job.finished]
        for job in pressing:
            press(job)
        ready = [descriptor for descriptor, _ in events.poll(10 if pressing else None)]
        if WAKE[0] in ready:
            for number in os.read(WAKE[0], 64):
                WIRE.send({"op": "signal", "n": number})
        if WIRE.fd in ready:
            jobs = {number: job for number, job in jobs.items() if not job.finished}
            for message in WIRE.frames():
                take(message, jobs)


def take(message, jobs):
    operation = message["op"]
    if operation == "cancel":
        job = jobs.get(message["id"])
        if job is not None:
            job.cancelled = True
        return
    if operation == "exit":
        JOBS.put(None)
        return
    fresh = GRAPH.apply(message.get("up", ()), message.get("seq"))
    if "house" in message:
        HOUSE.take(message["house"], fresh)
    job = jobs[message["id"]] = Job(message, fresh)
    if job.main:
        JOBS.put(job)
        return
    try:
        threading.Thread(target=job.run, name="squall-{}".format(job.number), daemon=True).start()
    except RuntimeError as exception:
        job.finished = True
        job.answer(outcome("errored", exception))


def read_forever():
    try:
        read()
    except (EOFError, ConnectionError):
        os._exit(0)  # nobody is left to work for
    except BaseException:
        traceback.print_exc()
        os._exit(70)


def main(fd, arguments):
    WIRE.fd = fd
    sys.argv[:] = arguments
    sys.path[:] = [entry for entry in sys.path if entry]
    os.set_inheritable(fd, False)
    os.set_blocking(WAKE[1], False)
    set_up_logging()
    set_up_signals()
    sys.meta_path.insert(0, HOUSE)
    WIRE.send({"op": "ready", "version": sys.version.split()[0]})
    threading.Thread(target=read_forever, name="squall-reader", daemon=True).start()
    while True:
        job = JOBS.get()
        if job is None:
            break
        HOUSE.fill()
        job.run()


OPERATIONS = {
    "run": activities.run_activity,
    "check": activities.check_activities,
    "parameters": controls.control_parameters,
    "apply": controls.apply_control,
    "configure": controls.configure_control,
    "cleanup": controls.cleanup_control,
    "import": controls.import_module,
    "validate": controls.validate_control,
    "event": controls.tell_handlers,
    "notify": controls.notify,
    "discover": packages.discover,
    "extensions": packages.extensions,
}
UNSAFE.update({Job.finish.__code__, Job.answer.__code__})
JOBS = queue.Queue()
