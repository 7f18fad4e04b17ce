"""A control around the loading of the experiment."""


def before_loading_experiment_control(context):
    with open("loading.txt", "a") as file:
        file.write("before %s\n" % context)


def after_loading_experiment_control(context, state):
    with open("loading.txt", "a") as file:
        file.write("after %s %s\n" % (context, state.get("title") if state else None))
    if state:
        state["title"] = "renamed while loading"
