#!/usr/bin/env python3
"""Writes json.json: JSON texts and what CPython's json module makes of each.

Run with CPython 3.11:  python make_json.py > json.json
Each row is {"text", "repr", "dumps": [indent=2, spaced, compact, spaced ASCII]} or {"text", "error"}.
"""
import json
import random
import sys

HAND = [
    "", " ", "null", "nul", "true", "false", "tru", "NaN", "Infinity", "-Infinity", "Infinit", "-Infinit", "nan", "None", "0", "-0", "00", "01", "-", "--1", "+1", "1.", ".5", "1.5", "-1.5e10",
    "1e", "1e+", "1E5", "1e400", "-1e400", "1e-400", "123456789012345678901234567890", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.0", "0.1", "1e22", "1e16",
    "123456789012345.6", "1e15", "0.0001", "0.00001", "5e-324", "1.7976931348623157e308", "-0.0", "1" * 4300, "1" * 4301, "-" + "1" * 4301, "[", "]", "[]", "[ ]", "[1", "[1,", "[1,]", "[,]", "[1 2]", "[1]]", "[[[]]]",
    "{", "}", "{}", "{ }", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "{a:1}", "{'a':1}", '{"a" 1}', '{"a":1 "b":2}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}', "{,}", '{"":{"":[]}}', "{1:2}", '"', '"abc', '"a\\', '"\\"', '"\\x"',
    '"\\u12"', '"\\u123', '"\\u1234', '"\\u12g4"', '"\\ud83d\\ude00"', '"\\ud83d\\u12g4"', '"\\ud83d\\ude0', '"a\nb"', '"a\tb"', '"\x00"', '"\x1f"', '"\x7f"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"é日本😀"', '{"é": \n x}',
    '[1,\r\n2 3]', "[1,\r2 3]", "\ufeff[]", "1 2", "1,", "\x0b1", "\u00a01", "// c\n1", '{"a":\t[1,\n\n 2 , 3\r\n]}', "[NaN,-Infinity]", '{"a":[{"b":[{"c":null}]}]}', "[1.0,2]", "[true,false,null]", "truefalse", '"a""b"',
]
DOCUMENT = '{"title": "t\\u00e9", "n": [1, -2.5e3, true, null], "m": {"a": {"b": []}, "c": "x\\n"}}'


def rows():
    yield from HAND
    for end in range(len(DOCUMENT)):
        yield DOCUMENT[:end]
    pick = random.Random(3)
    for _ in range(600):
        at = pick.randint(0, len(DOCUMENT))
        if pick.random() < 0.5:
            yield DOCUMENT[:at] + pick.choice('{}[]",:\\ue01-.\n\t x') + DOCUMENT[at:]
        else:
            yield DOCUMENT[:at] + DOCUMENT[at + pick.randint(1, 3):]
    for _ in range(300):
        yield repr(pick.choice([1, -1]) * pick.random() * 10.0 ** pick.randint(-30, 30))


def main():
    out, seen = [], set()
    for text in rows():
        if text in seen:
            continue
        seen.add(text)
        row = {"text": text}
        try:
            # Text mode turns all line ends into LF before the reference parses.
            value = json.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
            row["repr"] = repr(value)
            row["dumps"] = [json.dumps(value, indent=2, ensure_ascii=False), json.dumps(value, ensure_ascii=False),
                            json.dumps(value, separators=(",", ":"), ensure_ascii=False), json.dumps(value)]
        except ValueError as error:
            row["error"] = str(error)
        out.append(json.dumps(row))
    sys.stdout.write("[\n" + ",\n".join(out) + "\n]\n")


main()
