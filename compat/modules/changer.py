"""A control that changes what it is handed: the objects are live."""


def configure_control(configuration=None, secrets=None, **_):
    configuration["from_configure"] = "c"


def before_experiment_control(context, configuration=None, secrets=None):
    context["added-before"] = {"nested": [1]}
    configuration["word"] = "changed"
    if "vault" in secrets:
        secrets["vault"]["fresh"] = "new"


def before_activity_control(context, experiment=None):
    context["seen"] = context.get("seen", 0) + 1


def after_activity_control(context, state):
    state["note"] = "by control"
    if isinstance(state.get("output"), dict):
        state["output"]["extra"] = True


def after_hypothesis_control(context, state):
    state["judged"] = "by control"


def after_method_control(context, state):
    state.append({"invented": True})


def after_experiment_control(context, state):
    state["summary"] = {"entries": len(state["run"])}
