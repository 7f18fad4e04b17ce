"""Functions of activities: calling them, and checking them without a call."""

import importlib
import inspect

from squall_worker.lanes import outcome
from squall_worker.wire import debug, summary, trace


def run_activity(job):
    message = job.message
    try:
        module = importlib.import_module(message["module"])
        function = getattr(module, message["func"])
        try:
            debug("Activity '{}' loaded from '{}'".format(job.value("name"), inspect.getfile(function)))
        except TypeError:
            pass
        arguments = job.value("args").copy()
        parameters = inspect.signature(function).parameters
        if "scopes" in message and "secrets" in parameters:
            secrets = job.value("secrets")
            merged = arguments["secrets"] = {}
            for scope in job.value("scopes"):
                merged.update(secrets.get(scope, {}).copy())
        if "configuration" in parameters:
            arguments["configuration"] = job.value("configuration").copy()
    except BaseException as exception:
        debug("Activity failed", exception)
        return outcome("errored", exception)
    try:
        result = function(**arguments)
        if inspect.iscoroutine(result):
            result = importlib.import_module("asyncio").run(result)
        return {"k": "ok", "value": result}
    except Exception as exception:
        text = summary(exception)
        lines = trace(exception)
        debug("Activity failed", exception)
        lines.append("\nDuring handling of the above exception, another exception occurred:\n\n")
        lines.append("chaoslib.exceptions.ActivityFailed: {}\n".format(text))
        return {"k": "failed", "m": text, "x": lines}
    except BaseException as exception:
        return outcome("errored", exception)


def check_activities(job):
    return {"k": "ok", "value": [check_activity(**check) for check in job.value("checks")]}


def check_activity(module, func, arguments):
    try:
        found = importlib.import_module(module)
    except ImportError:
        return ["not-importable", ""]
    except (Exception, SystemExit) as exception:
        return ["import-raised", summary(exception)]
    try:
        function = None
        for wanted in (inspect.isfunction, inspect.isbuiltin):
            for name, candidate in inspect.getmembers(found, wanted):
                if name == func:
                    function = candidate
        if function is None:
            return ["no-function", ""]
        signature = inspect.signature(function)
        bound = arguments.copy()
        for name in ("secrets", "configuration"):
            if name in signature.parameters:
                bound[name] = None
        try:
            signature.bind(**bound)
        except TypeError as exception:
            text = str(exception)
            if "missing" in text:
                return ["missing", text.rsplit(":", 1)[1].strip().strip("'")]
            if "unexpected" in text:
                return ["unexpected", text.rsplit(" ", 1)[1].strip().strip("'")]
            raise
    except Exception as exception:
        return ["other", summary(exception)]
    return ["ok", ""]
