"""A control that writes only hook and context: the order in which hooks fire."""


def _hook(name):
    def hook(context, tag="-"):
        what = context if isinstance(context, str) else context.get("name") or context.get("title")
        with open("hooks.txt", "a") as file:
            file.write("%s %s %s\n" % (tag, name, what))

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
before_loading_experiment_control = _hook("before_loading")
after_loading_experiment_control = _hook("after_loading")
