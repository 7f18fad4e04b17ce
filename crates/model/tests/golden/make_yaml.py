#!/usr/bin/env python3
"""Writes yaml.json: YAML texts and what PyYAML's safe_load makes of each.

Run with an interpreter that has PyYAML 6.0.3:  python make_yaml.py > yaml.json
Each row is {"text", "repr"} (Python's repr of the value) or {"text", "error"} (the problem, without
its place; null where PyYAML fails with an exception of another kind).
"""
import itertools
import json
import random
import sys

import yaml

SCALARS = """
a|yes|Yes|YES|yEs|no|on|off|OFF|true|True|TRUE|tRUE|false|y|n|Y|N|~|null|Null|NULL|nUll|0|1|-1|+1|007|010|08|09|0777|0o10
0x1F|0X1F|0x|0x_|0xg|0b11|0b|0b_|0b2|1_000|1__0|_1|1_|0_|0_7|-0|+0|-010|-0x1f|-0b1|1:30|12:30:45|1:60|01:30|-1:30|1:3|1:300|1:59:59:59
9223372036854775807|9223372036854775808|-9223372036854775808|123456789012345678901234567890
.5|5.|1.|-.5|+.5|.|..|...a|1.0|1.5|-1.5|+1.5|1e3|1.5e3|1.5e+3|1.5E-3|1e+3|1.e+3|.5e+1|1_0.5|1._5|._5|.5_|1.2.3|.inf|-.inf|+.INF|.Inf|.iNf|.nan|.NaN|.NAN|-.nan
1:30.5|1:30.|-1:30.5|1:2:3.25|0.1|1e1000|1.0e+400|1.7976931348623157e+308|5.0e-324|100000000000000000.0|0.00001
2020-01-01|2020-1-1|2020-13-01|2020-02-30|0000-01-01|2020-01-01T00:00:00|2020-01-01 10:20:30|2020-01-01 10:20:30.5|2020-01-01T10:20:30Z
2020-01-01T10:20:30.123456789Z|2020-01-01 10:20:30 +01:30|2020-01-01 10:20:30-5|2020-01-01 10:20:30 -00:00|2020-01-01t1:20:30.|2001-12-14t21:59:43.10-05:00|2020-01-01 25:00:00
2020-01-01 10:20:30 +25:00|2020-01-01 10:20|2020-1-1 1:02:03|2020-01-01T10:20:30 Z|2020-01-01 10:20:30.5 -1:30
=|<<|<|==|<<<|!|!!|&|*|@|`|%|a b|a  b|a#b|a #b|a: b|a:b|a:|:a|::|: a|-|--|---a|- a|-a|?|?a|? a|[|]|{|}|,|a,b|[a|a]|{a|a}|"|'|""|''|'a''b'|"a'b"|'a"b'
"a\\nb"|"a\\tb"|"\\x41\\u00e9\\U0001f600"|"\\0\\a\\b\\v\\f\\e\\ \\/\\N\\_\\L\\P"|"\\q"|"\\x4"|"\\u12"|"\\U00110000"|"a|'a|"a" b|'a' b|"a": b|'a'b|"\\
|>|#|# a|a # b|é|日本|😀|a\u0085b|a\u2028b|\u00a0|a\u00a0b|"\u00a0"|http://x/?a=b|http://x:80/|a?b|a!b|a&b|a*b|a|b|a%b|a@b|%a|@a|!a b|!!str 1|!!str|!!int "3"|!!int x|!!float 1|!!float "1e3"|!!float x
!!bool "yes"|!!bool TRUE|!!bool x|!!null x|!!null|!!timestamp 2020-01-01|!!timestamp "2020-1-1"|!!timestamp x|!!binary aGVsbG8=|!!binary "aGVs bG8="|!!binary a|!!seq a|!!map a|!!foo a|!foo a|! a|! 12|! "12"|!<tag:yaml.org,2002:str> 1|!<x> 1|!<x 1|!x!y a|!!python/none x|!!python/name:os.system ''|!!s%74r 1|!!str: a|!!str,a
&a b|&a|&a.b c|&a-b_1 c|& a|*a|*a b|&a &b c|&a !!str 1|!!str &a 1|!!str !!str a|1,2|1 2|0.|00|0:0|1:0|0x1.8|1e|1e+|+|-|+a|-1a|1a|+.|-.|.a|._|12e03|-2E+05|1.0e|NaN|Infinity|None|nil|undefined|TRUE |  a|a  
""".strip("\n")

DOCUMENTS = [
    "", " ", "\n", "# comment\n", "---", "---\n", "---\n...\n", "...\n", "...\na", "--- a", "---a", "--- a\n--- b", "a\n---\nb", "a\n...\nb", "a\n...\n---\nb",
    "a\n...\n", "a\n...\n...\n", "a\n...\n# c\n", "---\n---\n", "a: 1\n---\n", "--- |\n a\n...\n", "--- {a: 1}", "---\ta", "%YAML 1.1\n---\na", "%YAML 1.2\n---\na", "%YAML 2.0\n---\na",
    "%YAML 1.1\n%YAML 1.1\n---\na", "%YAML 1\n---\na", "%YAML 1.1\na", "%FOO bar\n---\na", "%TAG ! tag:yaml.org,2002:\n---\n!str 1", "%TAG !e! tag:yaml.org,2002:\n---\n!e!int '3'",
    "%TAG !e! x\n%TAG !e! y\n---\na", "%TAG e x\n---\n", " %YAML 1.1\n---\na", "a\n%YAML 1.1\n---\nb", "\ufeffa: 1", "a: \ufeff1", "a\ufeff", "\ufeff# c\n- a",
    "a: 1", "a: 1\nb: 2", "a: 1\n b: 2", "a:\n  b: 1\n c: 2", "a:\n b: 1\nc: 2", "a: b: c", "a: 1\na: 2\n", "a: 1\nb: 2\na: 3", "a:\n- 1\n- 2", "a:\n  - 1\n  - 2\nb: 3", "a:\n- 1\n-\n- 2", "- a\n- b", "- a\n b",
    "-\n  a", "- - a\n  - b\n- c", "- a: 1\n  b: 2\n- c: 3", "-  a: 1\n   b: 2", "- a: 1\n b: 2", "-a", "- a\n-b", "a\nb", "a\n b", "a\n\nb", "a\n\n\nb", "a: b\n c\n d", "a: b\n\n c", "a: 'b\n c'", "a: 'b\nc'", "a: \"b\nc\"", "a: \"b\n\n c\"",
    "a: \"b \\\n  c\"", "a: \"b\\\n  \\ c\"", "a: \"b\\n\\\n  c\"", "a: 'b\n---\nc'", "a: \"b\n...\nc\"", "a: 'b\n--- c'", "a: 'b\n---c'", "{a: 1}", "{a: 1, b: 2}", "{a: 1, b: 2,}", "{a: 1,, b: 2}", "{, a: 1}", "{a, b: }", "{a: , b: c}", "{a:1}", "{\"a\":1}", "{'a':1}",
    "{\"a\": 1,\n\"b\": 2}", "{\n\"a\": 1\n}", "a: {\n  b: 1\n}", "a: {\n  b: 1\n}\nc: 2", "a: [\n1,\n2\n]\n", "a:\n  [\n1\n]", "{a: 1\n, b: 2}", "{\"a\"\n: 1}", "{a\n: 1}", "{a b: 1}", "{a\n b: 1}", "{? a : 1}", "{? a}", "{?a: 1}", "{? : 1}", "{: 1}", "{:}", "{a: :b}", "{a: b:c}", "{a: b: c}", "{a?b: 1}", "{a: b?c}", "{u: http://x/?q}", "[http://x/?q]", "[a?]", "[?a]", "[? a]", "[? a : b]", "[a: b]", "[a: b, c]", "[a: , b]", "[:a]", "[: a]", "[a:b]", "[::a]", "[a:]", "[a: ]", "[a:,b]", "[-]", "[-1]", "[- a]", "[-, a]", "[--]", "[a, b", "[a, b]]", "]", "}", "[}", "{]", "[a\nb]", "[a,\n b]", "[a #b\n]", "[a#b]", "[ # c\n a]", "[a,b,,c]", "[,]", "[[], {}]", "[[a, b], {c: d}]", "{a: [1, {b: 2}]}", "[\"a\", 'b']", "[\"a\"b]", "['a': 1]", "[\"a\":1]", "{[a]: 1}", "{{a: 1}: 2}", "? [a]\n: 1", "? a\n: b", "? a\n", "? a\n? b\n: c", "?\n: b", "? |\n  a\n: b", "? - a\n: b", ": a", ":", "a:\n", "a:\nb:\n", "a :\n  1", "a : 1", "a : b : c", "\"a\" : 1", "a:1", "a: 1 # c", "a: 1# c", "a:# c", "a: # c\n  1", "# c\na: 1\n# d\n", "a: 1\n  # d\nb: 2", "a: |\n  x\n  y\n", "a: |\n  x\n\n  y\n\n", "a: |-\n  x\n", "a: |+\n  x\n\n", "a: |+\n\n\nb: 1", "a: >\n  x\n  y\n", "a: >\n  x\n\n  y\n", "a: >\n  x\n   y\n  z\n", "a: >-\n  x\n  y\n\n\n", "a: >+\n  x\n\n", "a: |2\n    x\n   y\n", "a: |2-\n    x\n", "a: |-2\n    x\n", "a: |0\n  x", "a: |10\n x", "a: |a\n  x", "a: | # c\n  x\n", "a: |# c\n  x", "a: |\nb: 1", "a: |\n\n\n  x\n", "a: |\n    \n  x\n", "a: |\n  x\n y\n", "a: |\n  x\n# c\nb: 1", "a: |\n  # x\n", "- |\n x\n- y", "|\n a\n b\n", "|\na\n", ">\n a\n\n\n b\n", ">\n\n a\n", "a: >\n\n\n  x\n  y\n", "a: >\n  x\n  - y\n  - z\n", "a: >\n  * x\n\n   * y\n  z\n", "a: |\n\tx", "a: |\n  x\n\ty\n", "a: |\n \tx\n", "a:\t1", "a: 1\t", "a: 1\t# c", "a: b\tc", "\ta: 1", "a:\n\tb: 1", "a:\n  b: 1\n\t", "a:\n  b: 1\n\t\n", "- \ta", "-\ta", "[\ta]", "[a,\tb]", "{a:\tb}", "a: 'b\tc'", "a: \"b\tc\"", "a: \"b\n\tc\"", "a: b # c\td", "a: b #\td", "a: b\t#c", "\t", "\n\t\n", "a: |\n  x\ty\n", "'a\tb': 1", "a: 'x'\t", "a: [\n\t1]", "?\ta", "a: |\t\n  x", "a: |\n  x\n  \n", "a: &x 1\nb: *x", "a: &x [1]\nb: *x", "a: *x", "a: &x 1\nb: &x 2\nc: *x", "&a [*a]", "&a {b: *a}", "a: &x\nb: *x", "a: &x\n  b: 1\nc: *x", "&k a: 1\nb: *k", "a: &x b\n*x : 1", "{*a : 1}", "- &a a\n- {*a : 1}", "- &a a\n- [*a, *a]", "- &a a\n- *a: 1",
    "<<: {a: 1}\nb: 2", "b: 2\n<<: {a: 1, b: 3}\nc: 4", "<<: [{a: 1}, {a: 2, b: 3}]", "<<: 1", "<<: [1]", "<<: []", "<<: {}", "<<: null", "a: <<", "- <<", "'<<': 1", "x: &x {a: 1}\ny: {<<: *x, b: 2}", "x: &x {a: 1}\ny: {<<: *x, a: 2}", "x: &x {a: {b: 1}}\ny: &y {<<: *x}\nz: {<<: [*y, *x]}", "<<: {a: 1}\n<<: {b: 2, a: 3}", "? <<\n: {a: 1}", "<<: {<<: {a: 1}, b: 2}", "!!str <<: 1", "=: 1", "a: =", "- =", "{=: 1}", "'=': 1", "!!set {a, b}", "!!set {}", "!!set\n? a\n? b", "!!set [a]", "!!set {a: 1}", "!!omap [a: 1, b: 2]", "!!omap [a]", "!!omap {a: 1}", "!!omap\n- a: 1\n- b: 2", "!!pairs [a: 1, a: 2]", "!!pairs [{a: 1, b: 2}]", "!!pairs []", "!!str [a]", "!!str {a: 1}", "!!int [1]", "!!map [a]", "!!seq {a: 1}", "!!seq [a]", "!!map {a: 1}", "!!foo [a]", "!foo {a: 1}", "! [a]", "! {a: 1}", "!!python/tuple [a]", "!!python/object/apply:os.system ['echo hi']", "a: !!binary |\n  aGVs\n  bG8=\n", "!!seq\n- a", "!!map\na: 1", "a: !!str\nb: 1", "a: !!null\n", "a: !!int\n", "!!str a: 1", "&a a: 1", "&a\na: 1", "!!map &a\na: 1\nb: 2", "&a !!seq\n- 1", "&a - 1", "- &a - 1", "- !!str - 1", "a: - 1", "a: -\n", "a: ? b", "a: &x - 1", "a: 'b' c", "a: \"b\" # c", "a: [b] c", "a: {b: 1} c", "a: [b]\nc", "'a\nb': 1", "a\nb: 1", "a b: 1", "? a\nb: 1", "a: b\nc", "a:\n - b\n c: d", "a:\n  b\n  c: d", "a: 1\n- b", "- a\nb: 1", "a:\n   b: 1\n  c: 1", "a:\n  - b\n - c", " a: 1\nb: 2", "  - a\n- b", " a: 1\n b: 2", "\n\n  a: 1\n", "1: a\n1.0: b\ntrue: c", "null: a\n~: b", "on: a\nyes: b", "2020-01-01: a", "1: a\n'1': b", "{1: a, 1: b}", "a\r\nb\r\n", "a: 1\r\nb: |\r\n  x\r\n  y\r\n", "a: 1\rb: 2", "a: 'x\r\n\r\n y'", "a:\u00851", "a: 1\u0085b: 2", "a: x\u2028y", "a: \"x\u2028y\"", "a: \"x\u2028\u2028y\"", "a: |\n  x\u2028  y\n", "'a\u0085b'", "\x00", "a\x07", "a: \x7f", "\ufffe", "a: '\x1b'", "\u0080", "a: \U0010ffff", "\ud7ff", "@a", "`a", "a: @b", "a: `b", "a: %b", "- %b", "%", "% a", "a: !", "- !", "!\n- a", "a: !!", "a: !!<x>", "!<>", "a: *", "a: &", "- *a", "[*a]", "&a", "- &a", "{&a : 1}", "{&a b: 1}", "{&a b: *a}", "[&a]", "[&a, *a]", "[!!str]", "[!!str , a]", "[!!str a]", "{!!str : a}", "{!!int '1': a}", "a: >\n  x\n\n\n\n  y\n \n\n", "a: \"\n  x\n  \"", "a: '\n\n  x\n\n  '", "a: \"  x  \"", "a: '  '", "\"\\ud83d\\ude00\"", "a:  b  \nc:  d  ", "a:   # c\n  b", "a: b #c", "a: b#c", "a:  'b'  #c", "key: \n - a\n - b:\n     c\n", "- a\n-\n  - b\n  -\n    c: d\n", "x" * 1000 + ": 1", "x" * 1024 + ": 1", "x" * 1025 + ": 1", "é" * 1000 + ": 1", "{" + "x" * 1025 + ": 1}", "'" + "x" * 1100 + "': 1", "[" * 300 + "]" * 300, "- " * 300 + "a", "a: [b\n: }", "title: t\ndescription: d\nmethod: []\n", "a: 1\n\n\n\n# x\n   \nb: 2\n", "a: b: 1", "a: 'b': 1", "- a: b: 1", "? a: b\n: c", "- ? a\n  : b\n- c", "- a:\n    - b\n  c: d", "- a:\n  - b\n  c: d", "a:\n- b\n- c\nd: e", "a:\n- b:\n  - c\n- d", "- - - a\n    - b\n  - c", "[a, [b, c], {d: e, f: [g]}]", "a: [1, 2, 3\n  ]\nb: {x: 1,\n  y: 2}", "a: \"\\u00e9\\n\"", "a: '\\n'", "a: \"\\\\\"", "? \n", "?", "- ?", "- :", "a: :", "a: ::", "a: -", "a: --", "a: - -", "...", "a: ...", "a:\n...", "a: |\n  x\n...\n", "a: |\n...\n", "'...'", "--- 'a\n  b'", "---\n# c\n", "--- # c\na", "--- !!str\n1", "--- &a\n- 1", "--- >\n a\n b", "---\n- a\n---", "---\n...\n---\n...",
]


def rows():
    scalars = [s.encode().decode("unicode_escape").encode("latin-1", "surrogatepass").decode("utf-8", "replace") if "\\u" in s and '"' not in s else s
               for line in SCALARS.split("\n") for s in line.split("|")] + ["a|b", "|", "|a", "a |"]
    for scalar in scalars:
        yield scalar
        yield f"a: {scalar}"
        yield f"- {scalar}"
        yield f"[{scalar}]"
        yield f"{{a: {scalar}}}"
        yield f"{scalar}: 1"
        yield f"{{{scalar}: 1}}"
    yield from DOCUMENTS
    pick = random.Random(1)
    pieces = ["a", "b", ": ", ":", "- ", "-", "\n", "\n ", "\n  ", "\n    ", "[", "]", "{", "}", ", ", ",", "'", '"', "#", " #", "&x ", "*x", "!!str ", "|\n", ">\n",
              "? ", "1", " ", "---\n", "...\n", "<<: ", "\t", "\\", "é", "|-\n  ", "%", "a: ", "a:\n  "]
    for _ in range(1500):
        yield "".join(pick.choice(pieces) for _ in range(pick.randint(2, 9)))


def main():
    out, seen = [], set()
    for text in itertools.chain(rows()):
        if text in seen:
            continue
        seen.add(text)
        row = {"text": text}
        try:
            row["repr"] = repr(yaml.safe_load(text))
        except yaml.YAMLError as error:
            row["error"] = getattr(error, "problem", None) or str(error).split("\n")[0]
        except Exception:
            row["error"] = None
        out.append(json.dumps(row))
    sys.stdout.write("[\n" + ",\n".join(out) + "\n]\n")


main()
