"""A control with every hook: it writes down that it was called, with what, and in which order."""
import json


def _note(line):
    with open("marks.txt", "a") as file:
        file.write(line + "\n")


def _name(context):
    if isinstance(context, dict):
        return context.get("name") or context.get("title")
    return context


def _shape(state):
    if isinstance(state, dict):
        return "{%s}" % ",".join(sorted(state))
    if isinstance(state, list):
        return "[%d]" % len(state)
    return repr(state)


def _write(hook, tag, context, state, experiment, configuration, secrets, settings):
    _note(
        "%s %s %s state=%s experiment=%s configuration=%s secrets=%s settings=%s"
        % (
            tag,
            hook,
            _name(context),
            _shape(state),
            _name(experiment),
            json.dumps(configuration, sort_keys=True, default=str),
            json.dumps(secrets, sort_keys=True, default=str),
            sorted(settings) if settings else settings,
        )
    )


def configure_control(experiment, configuration, secrets, settings, event_registry=None, tag="-"):
    _note("%s configure %s settings=%s registry=%s" % (
        tag, _name(experiment), sorted(settings) if settings else settings, event_registry is not None))


def cleanup_control():
    _note("cleanup")


def _hook(name):
    def hook(context, state=None, experiment=None, configuration=None, secrets=None, settings=None, tag="-"):
        _write(name, tag, context, state, experiment, configuration, secrets, settings)

    hook.__name__ = name
    return hook


before_experiment_control = _hook("before_experiment")
after_experiment_control = _hook("after_experiment")
before_hypothesis_control = _hook("before_hypothesis")
after_hypothesis_control = _hook("after_hypothesis")
before_method_control = _hook("before_method")
after_method_control = _hook("after_method")
before_rollback_control = _hook("before_rollback")
after_rollback_control = _hook("after_rollback")
before_activity_control = _hook("before_activity")
after_activity_control = _hook("after_activity")
