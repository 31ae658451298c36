"""Corrections that are typed as a sentence: "不对，应该是1310元" behind an answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.lite.answering.questions import ASKING, is_generic, parts_of
from inference.lite.conversation import Turn
from inference.lite.reading import Field

MAX_SENTENCE = 120  # characters of a correction
MAX_TURNS = 40  # that are looked at, newest first
WRONG = re.compile(
    r"^\W*(?:不对|不是|错了|不正确|[读识看认写搞弄](?:别)?错|有误|应该?[是为]|正确的?是|no\b|nope|wrong|incorrect"
    r"|(?:that|this|it)(?:'s| is) (?:wrong|not right|not correct|incorrect)|it should be|actually)",
    re.IGNORECASE,
)
BEHIND = re.compile(
    r"(?:应该?[是为]|正确的?是|(?<!不)是|should be|it is|it's|is)\s?[:：]?\s?([^,，。;；]{2,40})",
    re.IGNORECASE,
)
MONEY = re.compile(
    r"(?<![A-Za-z0-9.,])[-+]?[¥￥$€£]?\s?\d[\d,]{0,9}(?:\.\d{1,2})?(?![A-Za-z.-]*\d)\s?"
    r"(?:元|块|yuan|dollars|euros)?",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z_-]{0,10}\d)[A-Za-z0-9_-]{4,40}(?!\s?[元块.])")
DATE = re.compile(r"\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}日?(?: \d{1,2}:\d{2})?|\d{1,2}月\d{1,2}[日号]")
AMOUNTS = ("amount", "amount_without_tax", "tax_amount")
CODES = ("invoice_code", "error_code", "bank_card", "id_card", "phone")


@dataclass(frozen=True, slots=True)
class Corrections:
    """`fields`: typed values by field. `now`: the field that the last turn corrects, or "".
    `is_bare`: the last turn says that something is wrong, and not what."""

    fields: dict[str, Field]
    now: str = ""
    is_bare: bool = False


def typed(turns: Sequence[Turn]) -> Corrections:
    """What the customer corrected since the last picture."""
    turns = turns[-MAX_TURNS:]
    if not any(turn.role == "user" and _is_correction(turn.text) for turn in turns):
        return Corrections({})
    fields: dict[str, Field] = {}
    asked: tuple[str, ...] = ()
    now, is_bare, has_told = "", False, False
    for turn in turns:
        if turn.role == "assistant":
            has_told = True
        if turn.role != "user":
            continue
        now, is_bare = "", False
        if turn.readings:
            fields = {}
        elif has_told and _is_correction(turn.text):
            found = _corrected(turn.text, asked)
            fields |= {found.name: found} if found else {}
            now = found.name if found else ""
            is_bare = not found and _is_bare(turn.text)
            continue
        asked = tuple(name for part in parts_of(turn.text) for name in part.fields)
    return Corrections(fields, now, is_bare)


def _is_correction(text: str) -> bool:
    return len(text) <= MAX_SENTENCE and bool(WRONG.search(text)) and not ASKING.search(text)


def _is_bare(text: str) -> bool:
    """Whether a correction says nothing but that, or a value that fits no field."""
    rest = WRONG.sub(" ", text, count=1)
    return is_generic(rest) or any(map(str.isdigit, rest))


def _corrected(text: str, asked: tuple[str, ...]) -> Field | None:
    """The field with its value; None unless one field alone takes such a value."""
    text = WRONG.sub(lambda found: " " if "是" not in found[0] else "是", text, count=1)
    found = {name: value for name in asked if (value := _value(name, text))}
    if len(found) != 1:
        return None
    name, value = next(iter(found.items()))
    return Field(name, value, corrected=True)


def _value(name: str, text: str) -> str:
    pattern = None
    if name in AMOUNTS:
        pattern = MONEY
    elif name == "date":
        pattern = DATE
    elif name.endswith("number") or name in CODES:
        pattern = NUMBER
    if pattern:
        found = pattern.search(text)
        return found[0].strip() if found else ""
    behind = BEHIND.search(text)
    return behind[1].strip() if behind else ""
