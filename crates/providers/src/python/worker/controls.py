"""Controls, the event handlers that they register, and notification plugins."""

import importlib
import inspect
import sys
import types

from squall_worker.graph import GRAPH
from squall_worker.lanes import outcome
from squall_worker.wire import debug, plain, safely, summary


def import_control(module):
    try:
        return importlib.import_module(module)
    except ImportError:
        debug("Control module '{}' could not be loaded. Have you installed it?".format(module))


def control_function(job):
    """The function of a control, or None where module or function are missing."""
    module = import_control(job.message["module"])
    if module is None:
        return None
    name = job.message["func"]
    function = getattr(module, name, None)
    if not function:
        debug("Control module '{}' does not declare '{}'".format(getattr(module, "__file__", None), name))
        return None
    return function


def loaded(function, name):
    try:
        debug("Control '{}' loaded from '{}'".format(name, inspect.getfile(function)))
    except TypeError:
        pass


def control_call(perform):
    """Turns what a control raises into an answer."""

    def call(job):
        try:
            return perform(job) or {"k": "ok"}
        except BaseException as exception:
            known = sys.modules.get("chaoslib.exceptions")
            if known is not None and isinstance(exception, known.InterruptExecution):
                return {"k": "interrupted", "m": plain(safely(str, exception))}
            return outcome("failed", exception)

    return call


@control_call
def control_parameters(job):
    function = control_function(job)
    if function is None:
        return {"k": "missing"}
    return {"k": "ok", "value": list(inspect.signature(function).parameters)}


@control_call
def apply_control(job):
    function = control_function(job)
    if function is None:
        return
    loaded(function, job.message["func"])
    arguments = job.value("args")
    experiment = restore_dry(job.value("experiment"))
    parameters = inspect.signature(function).parameters
    for name in ("secrets", "configuration", "state"):
        if name in parameters:
            arguments[name] = job.value(name)
    state = arguments.get("state")
    if isinstance(state, dict):
        restore_dry(state.get("experiment"))  # where it is a journal
    if "experiment" in parameters:
        arguments["experiment"] = experiment
    if "extensions" in parameters:
        arguments["extensions"] = experiment.get("extensions")
    if "settings" in parameters:
        arguments["settings"] = job.value("settings")
    function(context=job.value("context"), **arguments)


@control_call
def configure_control(job):
    function = control_function(job)
    if function is None:
        return
    loaded(function, job.message["func"])
    arguments = job.value("args")
    parameters = inspect.signature(function).parameters
    if "experiment" in parameters:
        arguments["experiment"] = restore_dry(job.value("experiment"))
    for name in ("secrets", "configuration", "settings"):
        if name in parameters:
            arguments[name] = job.value(name)
    if "event_registry" in parameters:
        arguments["event_registry"] = REGISTRY.get()
    function(**arguments)


@control_call
def cleanup_control(job):
    function = control_function(job)
    if function is not None:
        loaded(function, job.message["func"])
        function()


def restore_dry(experiment):
    """In an experiment the dry mode is a member of chaoslib's enumeration."""
    if isinstance(experiment, dict) and isinstance(experiment.get("dry"), str):
        try:
            mode = importlib.import_module("chaoslib.types").Dry.from_string(experiment["dry"])
        except (ImportError, ValueError):
            return experiment
        with GRAPH.lock:
            shadow = GRAPH.shadows.get(GRAPH.numbers.get(id(experiment)))
            if shadow is not None and "dry" in shadow[0]:
                shadow[1][shadow[0].index("dry")] = mode
            experiment["dry"] = mode
    return experiment


def import_module(job):
    try:
        return {"k": "ok", "value": import_control(job.message["module"]) is not None}
    except BaseException as exception:
        return outcome("failed", exception)


def validate_control(job):
    try:
        try:
            module = importlib.import_module(job.message["module"])
        except ImportError:
            return {"k": "ok", "value": ["not-importable", ""]}
        except (Exception, SystemExit) as exception:
            return {"k": "ok", "value": ["import-raised", summary(exception)]}
        function = getattr(module, "validate_control", None)
        if function:
            loaded(function, "validate_control")
            function(job.value("control"))
        return {"k": "ok", "value": ["ok", ""]}
    except Exception as exception:
        known = sys.modules.get("chaoslib.exceptions")
        if known is not None and isinstance(exception, known.ChaosException):
            return {"k": "ok", "value": ["refused", plain(safely(str, exception))]}
        return {"k": "ok", "value": ["raised", summary(exception)]}


class Registry:
    """The event handlers that controls have registered."""

    instance = None

    def get(self):
        if self.instance is None:
            try:
                self.instance = importlib.import_module("chaoslib.run").EventHandlerRegistry()
            except ImportError:
                self.instance = PlainRegistry()
        return self.instance

    def listening(self):
        return self.instance is not None and bool(self.instance.handlers)


class PlainRegistry:
    def __init__(self):
        self.handlers = []

    def register(self, handler):
        self.handlers.append(handler)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def tell(*arguments):
            for handler in self.handlers:
                try:
                    getattr(handler, name)(*arguments)
                except Exception as exception:
                    debug("Handler {} failed".format(type(handler).__name__), exception)

        return tell


def tell_handlers(job):
    event = job.message["event"]
    arguments = [GRAPH.value(item, job.fresh) for item in job.message["args"]]
    if event in ("running", "started") and arguments:
        restore_dry(arguments[0])
    if event == "running" and len(arguments) > 4 and isinstance(arguments[4], dict):
        known = sys.modules.get("chaoslib.types")
        arguments[4] = getattr(known, "Schedule", types.SimpleNamespace)(**arguments[4])
    if event == "continuous_hypothesis_completed" and isinstance(arguments[-1], str):
        arguments[-1] = Exception(arguments[-1])
    try:
        if REGISTRY.listening():
            getattr(REGISTRY.get(), event)(*arguments)
    except Exception as exception:
        debug("Event '{}' failed".format(event), exception)
    except BaseException as exception:
        return outcome("errored", exception)
    return {"k": "ok"}


def notify(job):
    name, wanted = job.message["module"], job.message["func"]
    payload = job.value("payload")
    if "error" in job.message:
        payload["error"] = exception_of(*job.message["error"])
    try:
        module = importlib.import_module(name)
    except ImportError:
        debug("could not find Python plugin '{}' for notification".format(name))
        return {"k": "ok"}
    try:
        for found, function in inspect.getmembers(module, inspect.isfunction):
            if found == wanted:
                function(job.value("channel"), payload)
                return {"k": "ok"}
        debug("could not find function '{}' in plugin '{}' for notification".format(wanted, name))
    except Exception as exception:
        debug("failed calling notification plugin", exception)
    return {"k": "ok"}


def exception_of(path, text):
    """An exception of the named class, of a stand-in where that cannot be had."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module or "builtins"), name)(text)
    except Exception:
        return type(name, (Exception,), {"__module__": module})(text)


REGISTRY = Registry()
