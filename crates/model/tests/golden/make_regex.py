#!/usr/bin/env python3
"""Writes regex.json: patterns, texts, and whether CPython's `re.search` finds them.

Run with CPython 3.11:  python make_regex.py [rows [seed]] > regex.json
Each row is {"pattern", "texts", "found"} or {"pattern", "message", "position"} for a pattern that is
refused (`msg` and `pos` of `re.error`). `found` has a `1` or a `0` for each text; where a row has no texts,
they are those of the whole.
"""
import json
import random
import re
import sys
import warnings

TEXTS = ["", "a", "A", "ab", "abc", "aab", "b", "a\n", "a\nb", "\n", "foo bar", "foo_bar-1.5", "é", "e\u0301", "É", "ß", "٣", "日本", "😀", " ", "\x1c", "\xa0", "_",
         "]", "[", "-", "^", "\\", "a&&b", "a--b", "{", "a{", "a{2}", "{}", "aa", "aaa", "aaaa", "abab", "xyx", "a.b", "<a>", "#", "a b", "\t", "\x07\x08", "K\u212a", "ſ", "ι\u0345", "٣a", "\ud7ff\ue000", "status: 200 OK"]

PATTERNS = r"""
a||^|$|^$|^a$|a$|a\Z|\Aa|\A|\Z|^\n|\n$|(?m)^b|(?m)a$|(?s)a.b|a.b|.|(?s).|(?i)a|(?i)É|(?i)k|(?i)s|(?i)ß|(?i)ι|a|b
[abc]|[^abc]|[]]|[^]]|[]a]|[[]|[[]a]|[a[]b]|[a-]|[-a]|[a-c-e]|[a\-c]|[^-]|[a^]|[\^a]|[&&]|[a&&b]|[--a]|[~~]|[a--b]|[\]]|[\[]|[[:alpha:]]|[\d]|[\D]|[\w-]|[^\w]|[^\W]|[\W_]|[\s\S]|[^\s\S]|[\b]|[\x41-\x43]|[\n]|[.]|[$]|[(]|[\\]|[\.]|[é-ü]|(?i)[é]|(?i)[^a]|(?i)[b-d]|(?a)(?i)[a-c]|[\ud800]|[^\ud800]|[\ud700-\ue000]|\ud800|[a\ud800]
\d|\D|\w|\W|\s|\S|\b|\B|\ba|a\b|a\B|\Bb|\bfoo\b|\b\w+\b|(?a)\d|(?a)\w|(?a)\s|(?a)\b|(?a)\W|(?a:\w)é|(?a:\w)|(?u:\w)|\w+\d|e\b|(?i)\w|(?i)\W
\.|\-|\<|\>|\"|\'|\/|\#|\ |\&|\~|\{|\}|\@|\!|\%|\,|\;|\:|\=|\`|\||\(|\)|\*|\+|\?|\^|\$|\[|\]|\\|\é|\_
\a|\f|\n|\r|\t|\v|\0|\00|\000|\07|\x41|\x4|\x|\xg1|\u0041|\u41|\U00000041|\U00110000|\U1|\101|\141|\400|\777|\8|\9|\1|\18|(a)\1|(a)\10|(a)\1141|(a)\141|(a)\11|\N{DIGIT ONE}x?|\N|\Nx|\N{}|\N{x|\p{L}|\h|\c|\e|\G|\K|\R|\X|\Q|\z|\y|[\A]|[\B]|[\Z]|[\1]|[\8]|[\400]|[\12]|[\x4]|[\q]|[\e]|\
a*|a+|a?|a*?|a+?|a??|a*+|a++|a?+|a{2}|a{2,}|a{,2}|a{1,2}|a{,}|a{}|a{|a{a}|a{1|a{1,|a{1,a}|a{ 1}|a{-1}|a{2,1}|a{0}|a{0}b|a{2}?|a{2}+|a{1,2}+a|a{4294967295}|a{1,99999999999}|{|{}|{1}|{a|{,}|x{,3}y
*|+|?|a**|a*{2}|a+*|a?*|a{2}{3}|a*??|a*+*|a*?+|^*|$*|\b*|\A+|(*)|(?:*)|a|*|(|)|(a|a)|((a)|()|()*|(a*)*|(a*)+|(?:a*)*|(a|b)*c|(?:a|b)+c|(a|)+|(?:)|(?:)*|(?=a)*|(?=a)+b|(?!a)?|(?<=a)*b|(?:^)*a|(?:\b)+a|(a)?b|(?=a)*?a|(?!a)*+b
(?:a)|(?:a|b)c|(?P<n>a)|(?P<n>a)(?P=n)|(?P<n>a)\1|(?P<n>a)(?P<n>b)|(?P<1>a)|(?P<>a)|(?P<n|(?P<n a>b)|(?P=n)|(?P=n|(?P=)|(?P>n)|(?P|(?Pn)|(?<n>a)|(?<|(?|(?a|(?'n'a)|(?P<é>a)(?P=é)|(?P<a-b>c)|(a(?P=n))|(?P<n>a(?P=n))|(a\1)|(?P<_>a)
(?=a)|(?=a)a|a(?=b)|a(?!b)|(?!a)|(?!a)b|(?<=a)b|(?<!a)b|(?<=ab)c|(?<=a|b)c|(?<=a|bc)d|(?<=a*)b|(?<=a{2})b|(?<=a{1,2})b|(?<=(a))b|(?<=(a)\1)b|(a)(?<=\1)b|(?<=(?=b)a)b|(?<=^)a|(?<=\b)a|(?<!)a|(?<=)a|(?!)|(?=)|(?=a|(?<=a|(?<=a+)b|(?<!a.)b|(?<=(?:ab|cd))c|(?<=a??)b|(?<=.)b|(?<=(?P<n>a)(?P=n))b|(?<=(?(1)a|b))c
(?i)abc|(?i:a)b|(?-i:a)|(?i)(?-i:a)b|(?i-s:a)|(?s-i:a.b)|(?i-i:a)|(?ii)a|(?im)A$|(?i|(?i-|(?i-)|(?-)|(?-:a)|(?i-:a)|(?z)|(?iz)|(?i1)|(?L)a|(?a)a|(?u)a|(?au)a|(?a)(?u)a|(?-a:a)|(?-u:a)|(?-L:a)|(?a-i:a)|(?t)a|(?t:a)|(?-t:a)|a(?i)b|(a(?i)b)|a|(?i)b|(?i)|(?i)*|(?i)|a|(?s)(?m)a|(?#c)(?i)a| (?i)a|(?x)(?i)A|(?x) (?i)A
(?#comment)a|a(?#c)*|(?#|(?#a|(?#\)a)|(?x) a b # c|(?x) a\ b|(?x)[ ]|(?x)a #c
(?x)a{ 1}|(?x)a {2}|(?x)(?-x: )|(?x:a b)c|(?x: a # c)|(?x)\#|(?x)a b|(?x)( a | b )|(?x) |(?x)( ?:a)|(?x)a *|(?x)a * ?
(?>a+)b|(?>a+)ab|(?>a|ab)c|a++b|a++ab|(?:ab)++|(?>)|(?>a|(?>a*)*|a?+a|(a++)b|(?:a|ab)++c|(?>a{1,2})a
(a)?(?(1)b|c)|(a)(?(1)b)|(?(1)b)(a)|(?(2)b)(a)|(?P<n>a)?(?(n)b|c)|(?(n)a)|(?(0)a)|(?(-1)a)|(?(1a)b)|(?(|(?()a)|(a)?(?(1)b|c|d)|(a)(?(1)|(a)?(?(1)|b)|(a)(?(1))|(?(1)a|b)(c)|^(<)?a(?(1)>)$|(a)|b(?(1)x|y)|(?(99)a)|(a)?(?(1)b)c|(?(1)(a))
(a)(b)(c)\3\2\1|(a)\01|(.)\1|(.)(.)\1|(?i)(a)\1|(a|b)\1|(a)?\1b|(?:(a)|b)\1|(a)(?:\1)+|((a)|b)*\2|(\w+) \1|(\2)(a)|(a*)\1b|(.*)\1$|^(.?)\1$
status: \d{3}|^[a-z]+_\w+-\d+\.\d+$|foo|(foo|bar)\s+(foo|bar)|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}|^\s*$|^(?!.*b)|200 OK$|(?i)ok$|(?<!\d)\d{3}(?!\d)|[0-9|[0-9|)a(|a)|(a))|a\nb|a
b
""".strip("\n")
# Patterns that hold a bar cannot stand in the list above, which splits at bars.
WITH_BARS = ["a|b", "(a|b)c", "|", "a|", "|a", "(|a)b", "(a|)b", "a||b", "(?:a|b)+c", "(?i)a|É", "a|(?i)b", "(?x)a | b", "^a|b$", "(^a|b$)", "a$|b", "(a$|b)", "(?:a$|b)c", "(?=a|b)b", "(?<=a|b)c",
             "(?<=a|bc)d", "(?<=(?:ab|cd))c", "(a)?(?(1)b|c)", "(a)?(?(1)b|c|d)", "(?(1)a|b)(c)", "(?P<n>a)?(?(n)b|c)", "(a)|b(?(1)x|y)", "(?>a|ab)c", "(?:a|ab)++c", "((a)|b)*\\2", "(?:(a)|b)\\1", "(a|b)*c",
             "(a|)+", "(a|b|(?=c))*c", "[|]", "[a|b]", "\\|", "a\\|b", "(foo|bar)\\s+(foo|bar)", "(?i:a|b)c", "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)$", "(a|ab)(c|bcd)(d*)", "$|a", "(?m)$|a", "a(?#|)b", "(?x)a#|\n|b",
             "(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}", "(a|(?P<n>b))(?P=n)?", "(?:a|b|)*?c", "(?:$|x)a", "a(?:$|b)", "(a(?:$|b))\\n?", "(?(1)a|b", "(a|b", "(a|b))", "a|*", "|*", "(|*)", "(?a|b)"]

ATOMS = ["a", "b", "c", ".", "\\w", "\\d", "\\s", "\\W", "[ab]", "[^a]", "[a-c_]", "[\\w-]", "é", "\\n", "\\.", "_", "\\b", "\\B", "^", "$", "\\A", "\\Z", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", " "]


def pattern(rng, depth, groups):
    return "|".join(sequence(rng, depth, groups) for _ in range(rng.choice([1, 1, 1, 2, 3])))


def sequence(rng, depth, groups):
    return "".join(element(rng, depth, groups) for _ in range(rng.choice([0, 1, 1, 2, 2, 3])))


def element(rng, depth, groups):
    kind = rng.random()
    if depth > 0 and kind < 0.35:
        opening = rng.choice(["(", "(", "(?:", "(?:", "(?>", "(?=", "(?!", "(?i:", "(?s:", "(?m:", "(?a:", "(?-i:", "(?<=", "(?<!", "("])
        text = opening + pattern(rng, depth - 1, groups) + ")"
        if opening == "(":
            groups[0] += 1
        if "<" in opening:
            return text
    elif groups[0] and kind < 0.42:
        text = f"\\{rng.randrange(1, groups[0] + 1)}"
    elif groups[0] and kind < 0.46:
        text = f"(?({rng.randrange(1, groups[0] + 1)}){sequence(rng, 0, groups)}|{sequence(rng, 0, groups)})"
    else:
        text = rng.choice(ATOMS)
    if rng.random() < 0.35:
        text += rng.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}"]) + rng.choice(["", "", "", "?", "+"])
    return text


def mangled(rng):
    text = rng.choice(["", "(?i)", "(?s)", "(?m)", "(?x)", "(?a)"]) + pattern(rng, 2, [0])
    for _ in range(rng.choice([0, 0, 1, 2])):
        at = rng.randrange(len(text) + 1)
        if rng.random() < 0.5:
            text = text[:at] + text[at + 1:]
        else:
            text = text[:at] + rng.choice("()[]{}*+?|\\^$-,.1aPx<=!:#") + text[at:]
    return text


def row(source, texts, own=True):
    try:
        compiled = re.compile(source)
    except re.error as error:
        return {"pattern": source, "message": error.msg, "position": error.pos}
    except (ValueError, OverflowError) as error:
        return {"pattern": source, "message": str(error), "position": None}
    except RuntimeError:
        return None  # a bug of CPython's 3.11
    if "\ud800" in source:
        return None
    found = "".join(str(int(compiled.search(text) is not None)) for text in texts)
    return {"pattern": source, **({"texts": texts} if own else {}), "found": found}


def main():
    warnings.simplefilter("ignore")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    texts = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in TEXTS]
    rows = [row(source, texts, own=False) for source in dict.fromkeys(PATTERNS.replace("\n", "|").split("|") + WITH_BARS + [line for line in PATTERNS.split("\n")])]
    alphabet = ["a", "a", "b", "c", "A", "é", "_", " ", "\n", "1", ".", "x", "", ""]
    for _ in range(count):
        some = ["".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 9))) for _ in range(8)]
        rows.append(row(mangled(rng), some))
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows if row)
    print('{"texts": ' + json.dumps(texts, ensure_ascii=False) + ', "rows": [\n' + rows + "\n]}")


main()
