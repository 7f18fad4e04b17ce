"""What is installed: discovery of an extension, and the list of extensions."""

import importlib
import inspect
import sys

from squall_worker.lanes import outcome
from squall_worker.wire import plain


def metadata():
    """What tells of installed distributions; None before Python 3.8, where it is not installed itself."""
    for name in ("importlib.metadata", "importlib_metadata"):
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    return None


class NothingFound(Exception):
    pass


def discover(job):
    package = job.message["package"]
    try:
        name = import_name(package)
        try:
            module = importlib.import_module(name)
        except ImportError:
            raise NothingFound("could not load Python module '{}'".format(name))
        for found, function in inspect.getmembers(module, inspect.isfunction):
            if found == "discover":
                return {"k": "ok", "value": function(discover_system=job.message["system"])}
        raise NothingFound("package '{}' does not export a `discover` function".format(module.__name__))
    except NothingFound as exception:
        return {"k": "refused", "m": str(exception)}
    except Exception as exception:
        known = sys.modules.get("chaoslib.exceptions")
        if known is not None and isinstance(exception, known.DiscoveryFailed):
            return {"k": "refused", "m": plain(str(exception))}
        return outcome("failed", exception)


def import_name(package):
    """The first importable name at the top of a distribution."""
    source = metadata()
    missing = NothingFound("Package {} not found".format(package))
    if source is None:
        raise missing
    try:
        source.distribution(package)
    except source.PackageNotFoundError:
        raise missing
    if hasattr(source, "packages_distributions"):
        for top, owners in source.packages_distributions().items():
            if package in owners:
                return top
        raise no_name(package)
    for found in source.distributions():  # before Python 3.10
        tops = (found.read_text("top_level.txt") or "").split()
        if not tops:
            tops = sorted({
                path.parts[0] if len(path.parts) > 1 else path.stem
                for path in found.files or () if path.suffix == ".py"
            })
        if found.metadata["Name"] == package and tops:
            return tops[0]
    raise no_name(package)


def no_name(package):
    return NothingFound(
        "Distribution {} exists but no top-level package name could be determined".format(package)
    )


def extensions(job):
    rows = []
    source = metadata()
    for found in source.distributions() if source is not None else ():
        details = found.metadata
        name = details.get("Name") or ""
        if not name.startswith("chaostoolkit-") or name == "chaostoolkit-lib":
            continue
        if name not in [row["name"] for row in rows]:
            fields = ("Version", "Summary", "License", "Author", "Home-page")
            row = {"name": name}
            row.update(zip(("version", "summary", "license", "author", "url"), map(details.get, fields)))
            rows.append(row)
    return {"k": "ok", "value": rows}
