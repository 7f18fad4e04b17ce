"""A control that raises in the hook that it is told to."""
import sys

from chaoslib.exceptions import InterruptExecution


def _raise(how):
    if how == "interrupt":
        raise InterruptExecution("tripped")
    if how == "exit":
        sys.exit(5)
    raise RuntimeError("hook is broken")


def _hook(name):
    def hook(context, at="", how="error", only=None):
        if at == name and (only is None or context.get("name") == only):
            _raise(how)

    return hook


for _level in ("experiment", "hypothesis", "method", "rollback", "activity"):
    for _side in ("before", "after"):
        globals()["%s_%s_control" % (_side, _level)] = _hook("%s_%s" % (_side, _level))


def configure_control(at="", how="error", only=None, **_):
    if at == "configure":
        _raise(how)
