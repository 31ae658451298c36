"""Texts on which a backtracking pattern is slow, generated from the pattern itself."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

# Python's own parser of patterns, of which typeshed does not know.
op, parser = import_module("re._constants"), import_module("re._parser")
GENERIC = (
    " ",
    "a",
    "1",
    "退",
    "-",
    ".",
    "(",
    "[",
    "<",
    "*",
    "`",
    "~",
    "\n",
    "a ",
    "1 ",
    "1-",
    "a.",
    "a@",
    "<!--",
    " #",
)
END = "\x00~"  # no pattern here ends in it: what was matched so far has to be given back


def hostile_units(pattern: str, flags: int) -> Iterator[tuple[str, str]]:
    """Yields (head, unit) pairs. A hostile text is the head, then the unit repeated up to the
    bound, then an end that does not match.

    Every repeat in the pattern gives a pair whose head is a sample of all that stands before it.
    So do the same heads repeated as a whole, which start a match everywhere, and the texts that
    are hostile to many patterns.
    """
    parsed = parser.parse(pattern, flags & ~re.TEMPLATE if hasattr(re, "TEMPLATE") else flags)
    seen = set()
    for head, unit in [
        *_repeats(list(parsed), ""),
        ("", _sample(list(parsed))),
        *(("", unit) for unit in GENERIC),
    ]:
        for pair in ((head, unit), ("", head + unit)):
            if pair[1] and pair not in seen:
                seen.add(pair)
                yield pair


def grown(head: str, unit: str, size: int) -> str:
    return (head + unit * (size // len(unit) + 1))[:size] + END


def _repeats(nodes: list[Any], head: str) -> Iterator[tuple[str, str]]:
    for code, argument in nodes:
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, most, body = argument
            if most > 1:
                yield head, _sample(list(body)) or " "
            yield from _repeats(list(body), head)
        elif code is op.SUBPATTERN:
            yield from _repeats(list(argument[3]), head)
        elif code is op.ATOMIC_GROUP:
            yield from _repeats(list(argument), head)
        elif code in (op.ASSERT, op.ASSERT_NOT):
            yield from _repeats(list(argument[1]), head)
        elif code is op.BRANCH:
            for branch in argument[1]:
                yield from _repeats(list(branch), head)
        head += _sample([(code, argument)])


def _sample(nodes: list[Any]) -> str:
    """A short text that the nodes match, as far as one can be named."""
    made = ""
    for code, argument in nodes:
        if code is op.LITERAL:
            made += chr(argument)
        elif code is op.NOT_LITERAL:
            made += "a" if argument != ord("a") else "b"
        elif code is op.ANY:
            made += "a"
        elif code is op.IN:
            made += _member(argument)
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, body = argument
            made += _sample(list(body)) * max(1 if most else 0, least)
        elif code is op.SUBPATTERN:
            made += _sample(list(argument[3]))
        elif code is op.ATOMIC_GROUP:
            made += _sample(list(argument))
        elif code is op.BRANCH:
            made += _sample(list(argument[1][0]))
    return made


def _member(members: list[Any]) -> str:
    """A character of a class."""
    negated = bool(members) and members[0][0] is op.NEGATE
    pattern = re.compile("[" + "".join(map(_class_part, members)) + "]")
    found = next((letter for letter in " a1-A_退.,:" if pattern.fullmatch(letter)), "")
    if found or negated:
        return found
    code, argument = members[0]
    return chr(argument[0]) if code is op.RANGE else chr(argument) if code is op.LITERAL else ""


def _class_part(member: Any) -> str:
    code, argument = member
    if code is op.NEGATE:
        return "^"
    if code is op.LITERAL:
        return re.escape(chr(argument))
    if code is op.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    categories = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
                  op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w",
                  op.CATEGORY_NOT_WORD: r"\W"}  # fmt: skip
    return categories[argument]
