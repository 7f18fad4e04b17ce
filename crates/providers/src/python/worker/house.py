"""The process as people's code expects to find it: chaoslib's own state, environment, directory."""

import os
import sys
import threading

from squall_worker.graph import GRAPH
from squall_worker.wire import plain


class World:
    """Environment and working directory, which functions here may change for what runs later."""

    def __init__(self):
        self.environment = dict(os.environ)
        self.raw = dict(getattr(os.environ, "_data", {}))
        self.directory = here()

    def report(self, answer):
        raw = getattr(os.environ, "_data", None)
        if raw is None or raw != self.raw:
            now = dict(os.environ)
            changes = {name: value for name, value in now.items() if self.environment.get(name) != value}
            changes.update((name, None) for name in self.environment if name not in now)
            self.environment, self.raw = now, dict(raw or {})
            if changes:
                answer["env"] = {
                    plain(name): value and plain(value) for name, value in changes.items()
                }
        directory = here()
        if directory != self.directory:
            self.directory = directory
            answer["cwd"] = plain(directory)


def here():
    try:
        return os.getcwd()
    except OSError:
        return ""


class Household:
    """Fills chaoslib's settings, global controls and activity cache when the code here imports them."""

    def __init__(self):
        self.settings, self.controls, self.experiment = None, None, None
        self.stale = set()

    def take(self, message, fresh):
        self.settings = GRAPH.value(message["settings"], fresh)
        self.controls = GRAPH.value(message["controls"], fresh)
        self.experiment = GRAPH.value(message["experiment"], fresh)
        self.stale = {"chaoslib.settings", "chaoslib.control", "chaoslib.caching"} & set(sys.modules)

    def find_spec(self, name, path=None, target=None):
        if name not in ("chaoslib.settings", "chaoslib.control", "chaoslib.caching"):
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self and hasattr(finder, "find_spec") else None
            if spec is not None and spec.loader is not None:
                execute = spec.loader.exec_module

                def exec_module(module):
                    execute(module)
                    self.stale.add(name)
                    self.fill()

                spec.loader.exec_module = exec_module
                return spec
        return None

    def fill(self):
        main = threading.current_thread() is threading.main_thread()
        for name in list(self.stale):
            module = sys.modules.get(name)
            if module is None or (name == "chaoslib.settings" and not main):
                continue  # its settings belong to the context of the main thread
            self.stale.discard(name)
            if name == "chaoslib.settings" and self.settings is not None:
                module.loaded_settings.set(self.settings)
            elif name == "chaoslib.control" and self.controls is not None:
                module.global_controls[:] = self.controls
            elif name == "chaoslib.caching" and isinstance(self.experiment, dict):
                hypothesis = self.experiment.get("steady-state-hypothesis") or {}
                for activity in (self.experiment.get("method") or []) + (hypothesis.get("probes") or []):
                    if isinstance(activity, dict) and activity.get("name"):
                        module._cache[activity["name"]] = activity


WORLD = World()
HOUSE = Household()
