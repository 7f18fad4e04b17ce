#!/usr/bin/env python3
"""Writes jsonpath.json: paths, documents, and what jsonpath2 makes of them.

Run with an interpreter that has jsonpath2 0.4.5:  python make_jsonpath.py [rows [seed]] > jsonpath.json
Each row is {"path", "document", "matches"}, {"path", "document", "raises"} for an exception during the
evaluation, or {"path", "error": true} for a path that is refused.
"""
import contextlib
import io
import json
import random
import sys

from jsonpath2.path import Path

DOCUMENT = {
    "foo": [{"baz": "hello", "n": 1}, {"baz": "bonjour", "n": 2.5}, {"x": None}],
    "o": {"a": {"a": 1, "b": [0, 1, 2, 3]}, "é": "ü", "and": True, "a b": "text with blanks"},
    "n": 5, "e": [], "s": "abcdé", "t": True, "k": "foo", "i": 1, "deep": [[[1, 2], [3]], {"a": [{"a": 4}]}],
}

PATHS = r"""
$|$.n|$.foo|$.foo[*].baz|$.foo.*.baz|$..baz|$..*|$.*|$[*]|$..a|$..[0]|$..["a"]|$..a..a|$.deep..*|$..[*].a
$.foo[0]|$.foo[-1]|$.foo[-3]|$.foo[-4]|$.foo[3]|$.foo[0,2]|$.foo[0,0]|$.foo["n"]|$.foo[0,"baz",*]|$["foo","n"]|$["o"]["a"]
$.o.a.b[1:3]|$.o.a.b[:]|$.o.a.b[::]|$.o.a.b[::2]|$.o.a.b[:2]|$.o.a.b[2:]|$.o.a.b[-2:]|$.o.a.b[:-1]|$.o.a.b[-9:]|$.o.a.b[-4:]|$.o.a.b[-3:-1]|$.o.a.b[0:9:3]
$.o.a.b[::-1]|$.o.a.b[3::-1]|$.o.a.b[3:0:-1]|$.o.a.b[3:-9:-1]|$.o.a.b[9:-9:-2]|$.o.a.b[::0]|$.n[::0]|$.o.a.b[-1::-1]|$.o.a.b[1:1]|$.o.a.b[2:1]|$.o.a.b[1::-9]
$.o.a.b[99999999999999999999999]|$.o.a.b[-99999999999999999999999]|$.o.a.b[0:99999999:99999999999999999999]|$.o.a.b[-99999999999999999999999:]|$.o.a.b[9:-20:-1]|$.o.a.b[-0]|$.o.a.b[-0:]
$.foo[?(@.baz)]|$.foo[*][?(@.baz)]|$.foo.*[?(@.baz)].baz|$.foo.*[?(@.baz="hello")].n|$.foo[?(@.baz="hello")].baz|$.o[?(@.a)]|$..[?(@.a)]|$..[?(@.n>1)]
$.foo.*[?(@.n >= 1 and @.n < 2)]|$.foo.*[?(not @.n)]|$.foo.*[?(not not @.n)]|$.foo.*[?(@.n = 1 or @.x = null)]|$.foo.*[?(@.n != 1)]|$.foo.*[?(@.x = null)]|$.foo.*[?(@.zz = null)]
$.foo.*[?(@.n = 1 or @.n = 2.5 and @.baz = "hello")]|$.foo.*[?((@.n = 1 or @.n = 2.5) and not (@.baz = "hello"))]|$.foo.*[?(@.n < "a")]|$.foo.*[?(@.n = true)]|$.foo.*[?(@.n = 1.0)]
$.foo.*[?(1)]|$.foo.*[?(0)]|$.foo.*[?("")]|$.foo.*[?([])]|$.foo.*[?({})]|$.foo.*[?(null)]|$.foo.*[?(true)]|$.foo.*[?(0 = 0.0)]|$.foo.*[?("a" = "a")]|$.foo.*[?([1,{"a":2}] = [1.0,{"a":2}])]|$.foo.*[?({"a":1,"a":2} = {"a":2})]
$[?($.n > 4)].n|$.foo.*[?(@.n < $.n)].n|$.foo.*[?($.o.a.b[*] = @.n)].n|$.foo.*[?(@.n = $.o.a.b[*])].n|$.o.a.b.*[?(@ > 1)]|$.o.a.b.*[?(@ = $.o.a.b[2])]|$[?($.o.a.b[*] = $.o.a.b[1])].n|$[?($.o.a.b[0,1] = $.o.a.b[1])].n|$[?($.o.a.b[1,0] = $.o.a.b[1])].n
$[$.k]|$[$.k][0]|$.foo[$.i]|$.foo[$.t]|$[@.k]|$.foo[$.n]|$.foo[$.o]|$.foo[$.o.a.b[*]]|$.o.a.b[@[1]]|$[$.k,$.s]|$.s[$.i]
$.s.length()|$.s[length()]|$.foo.length()|$.o.length()|$.n.length()|$.foo[0].keys()|$.foo[0].values()|$.foo[0].entries()|$.foo.keys()|$.foo.values()|$.e.entries()|$.o.a.b.entries()|$.s.keys()|$.s.entries()
$.s.charAt(0)|$.s.charAt(-1)|$.s.charAt(-9)|$.s.charAt(9)|$.s.charAt(true)|$.s.charAt("0")|$.s.charAt(1.0)|$.s.charAt()|$.s.charAt(1,2)|$.s.charAt($.i)|$.s.charAt($.o.a.b[*])|$.s.charAt(99999999999999999999)|$.n.charAt(0)
$.s.substring(1)|$.s.substring(1,3)|$.s.substring(-2)|$.s.substring(-9,-1)|$.s.substring(3,1)|$.s.substring(0,99999999999999999999)|$.s.substring($.o.a.b[*],$.o.a.b[*])|$.s.substring()|$.s.substring(1,2,3)|$.s.substring(1,null)|$.s[substring(1,2)]|$.s[charAt(0),charAt(1)]
$.s.length(1)|$.foo.length(@)|$..length()|$..keys()|$..[length(),0]|$.foo[?(@[length()] > 2)]|$.foo[?(@.length() = 3)]|$.*[?(@.length() > 1)]|$.*[?(@.keys()[0] = 0)]|$.foo.first()|$.foo[first()]|$.length|$.foo[length]
$[?(@.o.a.b[0,::0])].n|$[?(@.o.a.b[::0])].n|$[?(true or @.o.a.b[::0])].n|$[?(false and @.o.a.b[::0])].n|$[?(@.zz = @.o.a.b[::0])].n|$.foo[::0]|$..[::0]|$.s.charAt($.e[::0])
 $ . n | $ [ "n" ] |$.foo [ 0 ] . baz|$.foo[ 1 : 3 ]|$.foo[?( @.baz )]|$	.n|$.foo[ ? ( @.n ) ]|$. .n|$.foo[- 1]|$.fo o
$.a.|$.|$..|$...a|$.a..|a|.a|$a|$$|$@|@.a|$.a$|$.a b|||$.1|$.a-b|$.a_b|$._|$.é|$["é"]|$['a']|$[a]|$[]|$[|$]|$[1|$[1,]|$[,1]|$[1 2]|$[1.5]|$[1e1]|$[01]|$[-]|$[+1]|$[1:2:3:4]|$[:::]|$[1:a]|$["a]|$["a"|$[""]
$.and|$.or|$.not|$.true|$.false|$.null|$.android|$.nullable|$.True|$.AND|$["and"]|$.o["and"]|$.a.and.b
$["a\"b"]|$["a\\b"]|$["a\u00e9"]|$["a\u00g9"]|$["\q"]|$["\n"]|$["\/"]|$["a b"]|$.o["a b"]|$["😀"]|$["	"]|$["a\
$.foo[?]|$.foo[?()]|$.foo[?(]|$.foo[?(@.a]|$.foo[?(@.a == 1)]|$.foo[?(@.a = 'x')]|$.foo[?(@.a <> 1)]|$.foo[?(@.a && @.b)]|$.foo[?(@.a and)]|$.foo[?(and @.a)]|$.foo[?(@.a = 1 = 2)]|$.foo[?(not)]|$.foo[?(@.a = not @.b)]|$.foo[?(@.a = (1))]|$.foo[?(((@.n)))]|$.foo[?@.a]|$.foo[?(a)]|$.foo[?(@a)]|$.foo[(@.n)]
$[?({"a":1,})]|$[?([1,])]|$[?({a:1})]|$[?({"a" 1})]|$[?(1 < 2)].n|$[?(-1 < 0)].n|$[?(1.5e3 = 1500)].n|$[?(1e05 = 1)]|$[?(1.e5 = 1)]|$[?(.5 = 1)]|$[?(1E+2 = 100)].n|$[?(1E-2 = 0.01)].n|$[?(-0 = 0)].n|$[?(-0.0 = 0)].n|$[?(00 = 0)]|$[?(1e999 > 5)].n|$[?(12345678901234567890123 > 5)].n
$.foo*|$*|$.*.*|$.**|$..**|$.[0]|$..[0]|$.["a"]|$..["n"]|$.foo.[0]|$.foo.0|$.foo[*]baz|$.foo[*]..n|$.*[0]|$.foo[*,*].n|$.foo[*]["n","baz"]|$..*.n|$..foo..*..n
$.n;|$.n#|$.n/a|$.a,b|$.a:b|$.a{b}|$.a!b|$.a%|$.a~|$.a^|$.a&b|$.a|b|$.a'|$.a\|$.a?|$.a(|$.a()|$.length()()|$.length().n|$.keys()[0]|$.keys().*|$.foo.values()[0].n|$.foo.values()..n
""".strip("\n")

DOCUMENTS = [
    DOCUMENT, None, 3, "text", True, [], {}, [1, "a", None, [2, [3]], {"a": 1}], {"a": {"a": {"b": [1, 2]}}, "b": [{"a": 0}, {"b": "x"}]},
]

NAMES = ["a", "b", "foo", "n", "baz", "zz"]
TOKENS = ["$", "@", ".", "..", "*", "[", "]", "(", ")", "?", ":", ",", "=", "!=", "<", "<=", ">", ">=", "and", "or", "not", "true", "null", "{", "}", '"a"',
          '"n"', "0", "1", "-1", "2.5", "1e2", " ", "a", "foo", "length", "length()", "keys()", "charAt(0)", "#", "'", '"', "é"]


def steps(rng, depth):
    return "".join(step(rng, depth) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3])))


def step(rng, depth):
    kind = rng.random()
    if kind < 0.45:
        return rng.choice([".", ".", "."]) + bareword(rng, depth)
    if kind < 0.6:
        return ".." + rng.choice([bareword(rng, depth), brackets(rng, depth)])
    return brackets(rng, depth)


def bareword(rng, depth):
    return rng.choice(["*", *NAMES, *NAMES, call(rng, depth)])


def call(rng, depth):
    name = rng.choice(["length", "keys", "values", "entries", "charAt", "substring", "charAt", "substring"])
    count = rng.choice([0, 1, 2]) if name in ("charAt", "substring") else rng.choice([0, 0, 0, 1])
    return f"{name}({','.join(operand(rng, depth - 1, numbers=True) for _ in range(count))})"


def brackets(rng, depth):
    return "[" + ",".join(subscript(rng, depth) for _ in range(rng.choice([1, 1, 1, 2, 3]))) + "]"


def number(rng):
    return str(rng.choice([0, 0, 1, 1, 2, 3, -1, -2, -3, 7, -7]))


def subscript(rng, depth):
    kind = rng.random()
    if kind < 0.2:
        return json.dumps(rng.choice(NAMES))
    if kind < 0.35:
        return number(rng)
    if kind < 0.5:
        part = lambda: rng.choice(["", number(rng)])
        return part() + ":" + part() + rng.choice(["", "", ":" + part()])
    if kind < 0.6 or depth <= 0:
        return "*"
    if kind < 0.9:
        return "?(" + condition(rng, depth - 1) + ")"
    if kind < 0.95:
        return rng.choice("$@") + steps(rng, depth - 1)
    return call(rng, depth)


def condition(rng, depth):
    kind = rng.random()
    if depth > 0 and kind < 0.3:
        return condition(rng, depth - 1) + rng.choice([" and ", " or "]) + condition(rng, depth - 1)
    if depth > 0 and kind < 0.4:
        return "not " + condition(rng, depth - 1)
    if depth > 0 and kind < 0.5:
        return "(" + condition(rng, depth - 1) + ")"
    if kind < 0.75:
        return operand(rng, depth)
    return operand(rng, depth) + rng.choice([" = ", "=", "!=", " < ", "<=", ">", " >= "]) + operand(rng, depth)


def operand(rng, depth, numbers=False):
    if rng.random() < (0.3 if numbers else 0.6):
        return rng.choice("@@@$") + steps(rng, depth - 1)
    if numbers and rng.random() < 0.8:
        return number(rng)
    return json.dumps(value(rng, 1))


def value(rng, depth):
    kind = rng.random()
    if depth > 0 and kind < 0.35:
        return [value(rng, depth - 1) for _ in range(rng.choice([0, 1, 2, 3, 4]))]
    if depth > 0 and kind < 0.75:
        return {rng.choice(NAMES): value(rng, depth - 1) for _ in range(rng.choice([0, 1, 2, 3]))}
    return rng.choice([None, True, False, 0, 1, 2, -1, 1.0, 2.5, 0.0, "", "a", "foo", "abc", "é😀x", 10**20])


def broken(rng):
    path = "$" + steps(rng, 2)
    kind = rng.random()
    if kind < 0.4:
        return "$" + "".join(rng.choice(TOKENS) for _ in range(rng.randrange(1, 8)))
    at = rng.randrange(len(path) + 1)
    if kind < 0.7:
        return path[:at] + rng.choice(TOKENS) + path[at:]
    return path[:at] + path[at + 1:]


def row(path, document):
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            parsed = Path.parse_str(path)
    except ValueError:
        return {"path": path, "error": True}
    try:
        return {"path": path, "document": document, "matches": [m.current_value for m in parsed.match(document)]}
    except Exception as error:
        return {"path": path, "document": document, "raises": f"{type(error).__name__}: {error}"}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    rows = [row(path, DOCUMENT) for line in PATHS.split("\n") for path in line.split("|")]
    rows += [row(path, document) for path in ("$", "$.*", "$..*", "$[0]", "$.a", "$[?(@.a)]", "$..[?(@.a)]") for document in DOCUMENTS]
    for _ in range(count):
        document = rng.choice([DOCUMENT, value(rng, 3), value(rng, 4), value(rng, 4)])
        made = row(broken(rng) if rng.random() < 0.25 else "$" + steps(rng, 3), document)
        if len(json.dumps(made)) < 3000:
            rows.append(made)
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


main()
