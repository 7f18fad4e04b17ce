#!/usr/bin/env python3
"""Writes yaml_dump.json: values and how PyYAML writes them.

Run with an interpreter that has PyYAML 6.0.3:  python make_yaml_dump.py > yaml_dump.json
Each row is {"value", "sorted", "plain"}: the value, and its text with and without sorted keys.
"""
import json
import random
import sys

import yaml

TEXTS = """a|yes|No|null|~|1|1.5|0x1f|1e3|010|08|2020-01-01|a b|a: b|a:b|a #b|a#b|- a|-a|-|--- a|---|...|? a|?a|: a|:a|[a]|{a}|a, b|a]|'a'|"a"|it's|say "x"|%a|@a|`a|!a|&a|*a|>a||a|#a|=|<<|.5|+1
 a|a |a  b|  |\t|a\tb|a\nb|a\n|\na|a\n b|a \nb|a\n\nb|a\r\nb|é|日本|😀|\u0085|\u2028|\x00|\x7f|\ufeff|\u00a0|~a|null a|1 2|1:30|12:30:45|http://x:80/?a=b&c=#d|C:\\dir|\\n|a\\|on|y|n|,|a?b|0|00|-0|.|..|.inf|-.inf|.nan|1_000|${var}|$x|{{x}}|key: [1, 2]|x"y'z|'|"|''|""".split("|")


def values():
    yield from [None, True, False, 0, -1, 10**30, 0.0, -0.0, 0.1, 1.5, 1e22, 1e-5, 1e16, 1.5e300, 123456789012345680.0,
                float("inf"), float("-inf"), [], {}, "", [[]], [{}], {"a": []}, {"a": {}}]
    texts = [t.encode("utf-8", "surrogatepass").decode("utf-8") for t in TEXTS] + [""]
    for text in texts:
        yield text
        yield [text]
        yield {"k": text}
        yield {text: 1}
        yield [{text: text}]
    pick = random.Random(2)
    words = ["alpha", "beta's", "gamma", "x" * 30, "a:", "#b", "  ", "é", "\n", "- c", "\"d\"", "e" * 90, "\\", "f,"]
    for _ in range(50):
        text = " ".join(pick.choice(words) for _ in range(pick.randint(3, 40)))
        yield text
        yield {"key": text}
        yield {"a": {"b": [text, {"c": text}]}}
    yield {"x" * 122: 1, "y" * 123: 2, "z" * 200: [1]}
    yield {"a b " * 40: 1}

    def tree(depth):
        kind = pick.randint(0, 9 if depth else 5)
        if kind <= 5:
            return pick.choice([None, True, 1, -2.5, "a", "yes", "a: b", "multi\nline", "", "12"])
        if kind <= 7:
            return [tree(depth - 1) for _ in range(pick.randint(0, 3))]
        return {pick.choice(["b", "a", "c d", "yes", "1", "é", "x: y", ""]): tree(depth - 1) for _ in range(pick.randint(0, 4))}

    for _ in range(250):
        yield tree(4)


def main():
    rows = []
    for value in values():
        rows.append(json.dumps({
            "value": value,
            "sorted": yaml.dump(value, default_flow_style=False),
            "plain": yaml.dump(value, default_flow_style=False, sort_keys=False),
        }))
    sys.stdout.write("[\n" + ",\n".join(rows) + "\n]\n")


main()
