"""Values on the wire, and the containers that live on both sides.

The other half, and the description of both, are `wire.rs` and `replica.rs`.
"""

import base64
import importlib
import operator
import sys
import threading
from collections import OrderedDict

from squall_worker.wire import plain, safely

CONTAINERS = (dict, list, tuple)
INFINITY = float("inf")


class Graph:
    """The containers that exist on both sides, and the coding of values.

    Each has a number; `shadows` holds what both sides last agreed it contains.
    """

    KEPT = 256  # objects without a wire form that can come back as themselves

    def __init__(self):
        self.lock = threading.RLock()
        self.objects = {}
        self.numbers = {}
        self.shadows = {}
        self.next = 1
        self.seen = 0
        self.strange = OrderedDict()

    # coding of what is not a container

    def scalar(self, value):
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return self.text(value)
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else {"i": format(value, "x")}
        if kind is float:
            return value if -INFINITY < value < INFINITY else {"f": repr(value)}
        return self.other(value)

    def text(self, value):
        try:
            value.encode("utf-8")
            return value
        except UnicodeEncodeError:
            shown = value.encode("utf-8", "backslashreplace").decode("utf-8")
            return self.remember(value, {"k": "object", "n": "str", "t": shown})

    def other(self, value):
        if isinstance(value, str):
            return self.text(str.__str__(value))
        if isinstance(value, int):
            return self.scalar(int.__int__(value))
        if isinstance(value, float):
            return self.scalar(float.__float__(value))
        kind = type(value)
        if kind.__name__ == "Dry" and kind.__module__ == "chaoslib.types":
            return self.scalar(value.value)
        if isinstance(value, bytes):
            return {"k": "bytes", "t": repr(value), "b": base64.b64encode(value).decode("ascii")}
        for module, name, tag in (
            ("datetime", "datetime", "datetime"),
            ("datetime", "date", "date"),
            ("decimal", "Decimal", "decimal"),
            ("uuid", "UUID", "uuid"),
        ):
            loaded = sys.modules.get(module)
            if loaded is not None and isinstance(value, getattr(loaded, name)):
                shown = value.isoformat() if module == "datetime" else str(value)
                return self.shown({"k": tag, "t": plain(shown)}, value)
        item = {"k": "object", "n": plain(kind.__name__), "t": plain(safely(repr, value))}
        return self.remember(value, self.shown(item, value))

    def shown(self, item, value):
        display = plain(safely(str, value))
        if display != item["t"]:
            item["d"] = display
        return item

    def remember(self, value, item):
        key = (item["n"], item["t"])
        self.strange[key] = value
        self.strange.move_to_end(key)
        while len(self.strange) > self.KEPT:
            self.strange.popitem(last=False)
        return item

    def value(self, item, fresh):
        """The Python value of an item; `fresh` holds the containers of this message alone."""
        kind = type(item)
        if kind is list:
            number = item[0]
            return self.objects[number] if number > 0 else fresh[number]
        if kind is not dict:
            return item
        if "i" in item:
            return int(item["i"], 16)
        if "f" in item:
            return float(item["f"])
        tag, text = item["k"], item["t"]
        if tag == "bytes":
            return base64.b64decode(item["b"])
        try:
            if tag == "date":
                return importlib.import_module("datetime").date(*map(int, text.split("-")))
            if tag == "datetime":
                return parse_datetime(text)
            if tag == "decimal":
                return importlib.import_module("decimal").Decimal(text)
            if tag == "uuid":
                return importlib.import_module("uuid").UUID(text)
        except (ValueError, ArithmeticError):
            return text
        return self.strange.get((item["n"], text), text)

    # from Squall

    def apply(self, updates, sequence):
        """Takes over what Squall says; gives the containers that belong to this message alone."""
        with self.lock:
            fresh = {}
            for number, mapping, _ in updates:
                if number < 0:
                    fresh[number] = {} if mapping else []
                elif number not in self.objects:
                    self.register(number, {} if mapping else [])
            for number, mapping, items in updates:
                target = fresh[number] if number < 0 else self.objects[number]
                if mapping:
                    self.fill_dict(number, target, items, fresh)
                else:
                    self.fill_list(number, target, items, fresh)
            if sequence:
                self.seen = sequence
            return fresh

    def register(self, number, container):
        self.objects[number] = container
        self.numbers[id(container)] = number

    def kept(self, current, item, fresh):
        """The value of `item`, which is the present one if that is sent in the same way."""
        if type(item) is dict or type(item) is not type(current):
            if not isinstance(current, CONTAINERS) and current is not None:
                sent = self.scalar(current)
                if type(sent) is type(item) and sent == item:
                    return current
        return self.value(item, fresh)

    def fill_dict(self, number, target, items, fresh):
        own = {key: key for key in target}  # a dictionary keeps the key it was first given
        keys = [own.get(key, key) for key in (self.value(item, fresh) for item in items[0::2])]
        values = [self.kept(target.get(key), item, fresh) for key, item in zip(keys, items[1::2])]
        wanted = dict(zip(keys, values))
        shadow = self.shadows.get(number)
        if number > 0:
            self.shadows[number] = self.agree(list(wanted), list(wanted.values()))
        if shadow is not None:
            # What a thread here has changed meanwhile stays, and is reported when its call ends.
            base = dict(zip(shadow[0], shadow[1]))
            present = dict(target)
            for key in base:
                if key not in present:
                    wanted.pop(key, None)
            for key, value in present.items():
                if key not in base or base[key] is not value:
                    wanted[key] = value
        for key in [key for key in target if key not in wanted]:
            target.pop(key, None)
        for key, value in wanted.items():
            target[key] = value
        if list(target) != list(wanted):
            target.clear()
            target.update(wanted)

    def fill_list(self, number, target, items, fresh):
        if not isinstance(target, list):
            return  # a tuple here: it cannot change
        present = target[:]
        wanted = [
            self.kept(present[index] if index < len(present) else None, item, fresh)
            for index, item in enumerate(items)
        ]
        shadow = self.shadows.get(number)
        if number > 0:
            self.shadows[number] = self.agree(None, wanted[:])
        if shadow is not None and not identical(present, shadow[1]):
            wanted = rebased(shadow[1], present, wanted)
        target[:] = wanted

    # to Squall

    def item(self, value, temporary, todo, known):
        """The item of any value; containers that Squall does not know get a number below zero."""
        if not isinstance(value, CONTAINERS):
            return self.scalar(value)
        number = self.numbers.get(id(value))
        if number is None:
            number = temporary.get(id(value))
            if number is None:
                number = temporary[id(value)] = -1 - len(temporary)
                todo.append(value)
        elif number > 0:
            known.add(number)
        return [number]

    def key(self, key):
        if isinstance(key, CONTAINERS):
            return {"k": "object", "n": type(key).__name__, "t": plain(safely(repr, key))}
        return self.scalar(key)

    def pack(self, value, updates):
        """The item of a value that a call returned, and the numbers of the shared containers in it.

        Adds the others to `updates`.
        """
        with self.lock:
            temporary, todo, known = {}, [], set()
            item = self.item(value, temporary, todo, known)
            for container in todo:  # grows, and keeps alive what is numbered by its address
                number = temporary[id(container)]
                if isinstance(container, dict):
                    items = []
                    for key, entry in list(container.items()):
                        items.append(self.key(key))
                        items.append(self.item(entry, temporary, todo, known))
                    updates.append([number, 1, items])
                else:
                    items = [self.item(entry, temporary, todo, known) for entry in list(container)]
                    updates.append([number, 0, items])
            return item, known

    def collect(self, roots, updates):
        """Adds to `updates` what has changed in the containers reachable from these."""
        with self.lock:
            objects, shadows = self.objects, self.shadows
            visited = set()
            stack = [root for root in roots if root in objects]
            while stack:
                number = stack.pop()
                if number in visited:
                    continue
                visited.add(number)
                shadow = shadows.get(number)
                container = objects[number]
                try:
                    if shadow is not None and unchanged(container, shadow[0], shadow[1]):
                        stack += shadow[2]
                        continue
                    if isinstance(container, dict):
                        pairs = list(container.items())
                        keys, values = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
                    else:
                        keys, values = None, list(container)
                except Exception:  # a container that is people's code itself
                    continue
                shadows[number] = shadow = self.agree(keys, values)
                stack += shadow[2]
                coded = [
                    [self.number(value)] if isinstance(value, CONTAINERS) else self.scalar(value) for value in values
                ]
                if keys is None:
                    updates.append([number, 0, coded])
                else:
                    items = [None] * (2 * len(keys))
                    items[0::2] = [self.key(key) for key in keys]
                    items[1::2] = coded
                    updates.append([number, 1, items])

    def agree(self, keys, values):
        """What is remembered of a container: keys (None for a list), values, numbers of containers in it."""
        return keys, values, [self.number(value) for value in values if isinstance(value, CONTAINERS)]

    def number(self, container):
        number = self.numbers.get(id(container))
        if number is None:
            number = self.next
            self.next += 2  # even numbers are Squall's
            self.register(number, container)
        return number


def unchanged(container, keys, values):
    if len(container) != len(values):
        return False
    if keys is None:
        return all(map(operator.is_, container, values))
    try:
        return list(container) == keys and all(map(operator.is_, container.values(), values))
    except RuntimeError:  # another thread is changing it
        return False


def identical(left, right):
    return len(left) == len(right) and all(map(operator.is_, left, right))


def rebased(base, mine, theirs):
    """`theirs` with the edit that led from `base` to `mine`."""
    start = 0
    while start < min(len(base), len(mine)) and base[start] is mine[start]:
        start += 1
    tail = 0
    while tail < min(len(base), len(mine)) - start and base[-1 - tail] is mine[-1 - tail]:
        tail += 1
    removed, inserted = len(base) - start - tail, mine[start:len(mine) - tail]
    if identical(theirs[:start + removed], base[:start + removed]):
        return theirs[:start] + inserted + theirs[start + removed:]
    return theirs + inserted


def parse_datetime(text):
    module = importlib.import_module("datetime")
    if text.endswith("Z"):
        text = text[:-1] + "+00:00"
    return module.datetime.fromisoformat(text)


GRAPH = Graph()
