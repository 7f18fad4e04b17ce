"""Notification plugins."""
import json


def notify(channel, payload):
    with open("bell.txt", "a") as file:
        file.write("%s %s %s\n" % (payload["name"], payload["phase"], json.dumps(channel, sort_keys=True)))


def ring(channel, payload):
    with open("ring.txt", "a") as file:
        file.write("%s\n" % payload["name"])


def jam(channel, payload):
    raise RuntimeError("the bell is stuck")
