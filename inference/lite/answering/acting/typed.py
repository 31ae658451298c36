"""Codes that a person types, for a property of a tool: without those that the words around them
deny, and with all that could be meant, so that nobody's second number is left out unseen."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from inference.lite.field_text import plain
from inference.lite.reading import Field

MAX_TEXT = 1_000  # characters that are looked at
MAX_TOKENS = 50
NEAR = 40  # characters before and behind a code
TOKEN = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z0-9][A-Za-z0-9-]{3,39}(?![A-Za-z0-9-])")
# "不是 A，是 B", "从 A 改成 B": A is not what is meant.
DENIED = re.compile(
    r"(?:不是|并非|(?:不要|别)(?:再|去|给我)?(?:取消|改|退|动|把|碰)[^,，。;；\d]{0,8}|从|原(?:来|先|号)?(?:的|是)?[^,，。;；\d]{0,8}"
    r"|旧[^,，。;；\d]{0,8}|现在的?(?:号码?)?是?"
    r"|\b(?:not|isn't|from|old|don't (?!want|need)|instead of)\b[^,;.\d]{0,20})[\s:：]{0,2}$"
)
DROPPED = re.compile(
    r"\s?(?:不用了|停用|作废|不对|是?错|写错|\b(?:is|was) (?:wrong|not right|the old)\b)"
)
NEW = re.compile(
    r"(?:[改换变更][成为到]|新[^,，。;；]{0,8}|正确[^,，。;；]{0,8}|应该?[为是]|\bto|\bnew\b[^,;.]{0,20}|\bshould be)[\s:：]{0,2}$"
)
WRONG = re.compile(r"错|不对|有误|\bwrong\b|\bincorrect\b")
BEGINNING = re.compile(r"[A-Z]{2,4}|[A-Z0-9]{6}")  # which kind of number a code is
# A number in groups: letters stand before its first digit only.
GROUPS = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z]{1,6}\d{0,20}|\d{2,20})(?:[ .\u00a0-]\d{2,20}){1,8}(?![A-Za-z0-9])"
)
SEPARATOR = re.compile(r"[ .\u00a0-]")
LOOKS_LIKE = re.compile(r"([A-Z]{0,4}?)([0-9OIL]{8,30})")
DIGITS = str.maketrans("OIL", "011")
CLAUSE_END = re.compile(r"[,，。;；!！?？\n]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which codes a property takes. `meant`: the reading's field; `likely`: the same by its label,
    for a new value. `any_code`: a code that no field claims is one. `by_pattern`: the schema's
    pattern tells codes apart. `labels`: if any, the code must stand behind one of them."""

    meant: str = ""
    likely: str = ""
    any_code: bool = False
    by_pattern: bool = False
    is_new: bool = False
    labels: tuple[str, ...] = ()


def codes(text: str, fields: Iterable[Field], wanted: Wanted) -> list[str]:
    """The codes of a text, in `fields` or loose, that a property may take."""
    fields = list(fields)
    low = plain(text[:MAX_TEXT])
    own = [one.value for one in fields if wanted.meant and one.name == wanted.meant]
    own = [one for one in own if not _is_denied(low, low.find(plain(one)), one)]
    if not wanted.any_code or (own and not wanted.by_pattern):
        return own
    tokens = list(TOKEN.finditer(text[:MAX_TEXT]))[:MAX_TOKENS]
    tokens = [one for one in tokens if any(map(str.isdigit, one[0]))]
    if wanted.labels:
        return [one[0] for one in tokens if _is_labelled(low, one, wanted.labels)]
    names = (wanted.meant, wanted.likely)
    claimed = {one.value for one in fields if one.name.endswith("number") and one.name not in names}
    loose = [
        one for one in tokens if one[0] not in claimed and not _is_denied(low, one.start(), one[0])
    ]
    new = [one[0] for one in loose if NEW.search(low[max(0, one.start() - NEAR) : one.start()])]
    if wanted.is_new and new:
        return new
    return [*own, *(one[0] for one in loose)]


def spaced(text: str) -> list[str]:
    """Codes that are written in groups ("YT 8830 0123 4567 890"), the longest first. The caller
    knows which of them has the right form."""
    made: dict[str, None] = {}
    for run in GROUPS.finditer(text[:MAX_TEXT]):
        groups = SEPARATOR.split(run[0])
        spans = [
            groups[first:last]
            for first in range(len(groups))
            for last in range(first + 2, len(groups) + 1)
        ]
        for span in sorted(filter(_is_one_number, spans), key=lambda one: -len("".join(one))):
            made["".join(span).upper()] = None
    return list(made)[:MAX_TOKENS]


def _is_one_number(groups: list[str]) -> bool:
    """Without letters, groups of one length tell a number from a date or two numbers."""
    if groups[0][0].isalpha():
        return True
    return len(groups) > 2 and len(set(map(len, groups[:-1]))) == 1


def corrected(text: str) -> list[str]:
    """Codes with a letter in the place of the digit that it looks like: "SF14O2857369214"."""
    tokens = (one[0].upper() for one in list(TOKEN.finditer(text[:MAX_TEXT]))[:MAX_TOKENS])
    found = (LOOKS_LIKE.fullmatch(one) for one in tokens)
    made = (one[1] + one[2].translate(DIGITS) for one in found if one)
    return [one for one in made if one not in text.upper()]


def is_attempt(typed: Iterable[str], value: object) -> bool:
    """Whether one of the codes was to be a number like `value`, and is cut short or mistyped: then
    the person does not mean `value`."""
    start = BEGINNING.match(value.upper()) if isinstance(value, str) else None
    return start is not None and any(one.upper().startswith(start[0]) for one in typed)


def _is_denied(low: str, at: int, code: str) -> bool:
    if at < 0:
        return False
    end = at + len(code)
    before, behind = low[max(0, at - NEAR) : at], low[end : end + NEAR]
    return bool(DENIED.search(before) or DROPPED.match(behind))


def _is_labelled(low: str, token: "re.Match[str]", labels: tuple[str, ...]) -> bool:
    """Whether one of the labels' ends stands right before a code that is not said to be wrong."""
    before, behind = low[max(0, token.start() - NEAR) : token.start()], low[token.end() :]
    last = CLAUSE_END.split(before)[-1]
    first = CLAUSE_END.split(behind[:NEAR])[0]
    return any(end in last for end in map(_end, labels)) and not WRONG.search(last + first)


def _end(label: str) -> str:
    """What a label is called for short: its last two characters, or words."""
    label = plain(label)
    return " ".join(label.split()[-2:]) if label.isascii() else label[-2:]
