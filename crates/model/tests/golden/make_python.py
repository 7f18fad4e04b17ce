#!/usr/bin/env python3
"""Writes python.json: values and templates, and what CPython and the reference make of them.

Run with CPython 3.11 and chaostoolkit-lib 1.44.0:  python make_python.py [rows [seed]] > python.json
Rows are {"value", "str", "repr"}, {"text", "title"}, {"number", "decimal", "below"} (an exact comparison of
`Decimal`) and {"data", "configuration", "secrets", "result"} or "raises" for a substitution.
"""
import json
import random
import struct
import sys
from decimal import Decimal

from chaoslib import substitute

CHARACTERS = ["a", "b", " ", "'", '"', "\\", "\n", "\t", "\r", "\0", "\x1f", "\x7f", "\x80", "\xa0", "\xad", "é", "ß", "\u0378", "\u200b", "\u2028", "\u3000", "\ue000", "\ufeff", "日", "😀", "\U000e0001", "$", "{", "}"]
FLOATS = [0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e22, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, 9007199254740993.0, 1e100, 0.00012345, 2.5, 1e21, 9.999e-5]
NAMES = ["a", "b", "A", "_x", "x1", "none", "zz", "é", "a_b", "self"]
VALUES = [None, True, 3, 1.5, 1e22, "text", "$a", "${b}", "", {"k": [1, None, "x"]}, [1, "a'b"], [], {}, 10**20]
TEMPLATES = ["${%s}", "$%s", "$$%s", "$$$%s", "${%s", "$ {%s}", "${ %s }", "${%s}}", "${${%s}}", "x${%s}y", "${%s.b}", "${%s-b}", "$%s.b", "$%s$%s", "${%s}\n", "%s", "${%s}${%s}", "$", "$$", "$1%s", "{$%s}", "\\$%s"]


def number(rng):
    if rng.random() < 0.4:
        return rng.choice(FLOATS)
    while True:
        value = struct.unpack("<d", rng.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            return value


def value(rng, depth):
    kind = rng.random()
    if depth and kind < 0.2:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and kind < 0.4:
        return {text(rng): value(rng, depth - 1) for _ in range(rng.randrange(4))}
    return rng.choice([None, True, False, rng.randrange(-5, 5), rng.randrange(-10**30, 10**30), number(rng), number(rng), text(rng), text(rng)])


def text(rng):
    return "".join(rng.choice(CHARACTERS) for _ in range(rng.randrange(6)))


def template(rng):
    count = rng.choice([1, 1, 1, 2, 3])
    made = ""
    for _ in range(count):
        form = rng.choice(TEMPLATES)
        made += form % tuple(rng.choice(NAMES) for _ in range(form.count("%s")))
        made += rng.choice(["", "", " ", "-", "é"]) if count > 1 else ""
    return made


def data(rng, depth):
    kind = rng.random()
    if depth and kind < 0.2:
        return [data(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and kind < 0.4:
        return {template(rng): data(rng, depth - 1) for _ in range(rng.randrange(3))}
    return rng.choice([None, 0, 5, True, "", template(rng), template(rng), template(rng)])


def mapping(rng):
    return {rng.choice(NAMES): rng.choice(VALUES) for _ in range(rng.randrange(4))}


def substitution(rng):
    secrets = {f"s{index}": mapping(rng) if rng.random() < 0.9 else rng.choice(VALUES) for index in range(rng.randrange(3))}
    row = {"data": data(rng, 2), "configuration": mapping(rng), "secrets": secrets}
    try:
        row["result"] = substitute(row["data"], row["configuration"], secrets)
    except Exception as error:
        row["raises"] = f"{type(error).__name__}: {error}"
    return row


def comparison(rng):
    decimal = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 6))) + rng.choice(["", ".5", ".05", "e3", "e-3", ".25e1"])
    other = rng.choice([number(rng), rng.randrange(-10**6, 10**6), float(rng.randrange(1000)) / 8, float(Decimal(decimal))])
    if rng.random() < 0.3:
        decimal = "-" + decimal
    return {"number": other, "decimal": decimal, "below": Decimal(other) <= Decimal(decimal)}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    rows = []
    for _ in range(count):
        made = value(rng, 3)
        rows.append({"value": made, "str": str(made), "repr": repr(made)})
        rows.append(comparison(rng))
    for _ in range(count * 2):
        rows.append(substitution(rng))
    for words in ["probe", "ACTION", "a-b c", "they're", "x1y", "éa Éa", "ß"]:
        rows.append({"text": words, "title": words.title()})
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


main()
