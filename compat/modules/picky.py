"""A control that checks its own declaration."""
from chaoslib.exceptions import InvalidActivity


def validate_control(control):
    if control.get("provider", {}).get("arguments", {}).get("wish") != "granted":
        raise InvalidActivity("the wish of control '%s' is not granted" % control["name"])
