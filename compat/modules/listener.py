"""A control that registers a handler of run events."""
from chaoslib.run import RunEventHandler


class Handler(RunEventHandler):
    def _note(self, line):
        with open("events.txt", "a") as file:
            file.write(line + "\n")

    def started(self, experiment, journal):
        self._note("started")

    def running(self, experiment, journal, configuration, secrets, schedule, settings):
        self._note("running %s" % experiment["title"])

    def finish(self, journal):
        self._note("finish %s" % journal["status"])

    def interrupted(self, experiment, journal):
        self._note("interrupted")

    def signal_exit(self):
        self._note("signal_exit")

    def start_hypothesis_before(self, experiment):
        self._note("start_hypothesis_before")

    def hypothesis_before_completed(self, experiment, state, journal):
        self._note("hypothesis_before_completed %s" % state["steady_state_met"])

    def start_hypothesis_after(self, experiment):
        self._note("start_hypothesis_after")

    def hypothesis_after_completed(self, experiment, state, journal):
        self._note("hypothesis_after_completed %s" % state["steady_state_met"])

    def start_method(self, experiment):
        self._note("start_method")

    def method_completed(self, experiment, state):
        self._note("method_completed %d" % len(state))

    def start_rollbacks(self, experiment):
        self._note("start_rollbacks")

    def rollbacks_completed(self, experiment, journal):
        self._note("rollbacks_completed")

    def start_activity(self, activity):
        self._note("start_activity %s" % activity["name"])

    def activity_completed(self, activity, run):
        self._note("activity_completed %s %s" % (activity["name"], run["status"]))


def configure_control(event_registry, **_):
    event_registry.register(Handler())
