"""Counts and sums over the rows of a list that a question names: 两种牛奶加一起多少钱.

Each sum says what was added. What a picture prints as its total is no business of this.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from inference.lite.answering.extracts import shared
from inference.lite.answering.lookup.entries import Entry
from inference.lite.answering.lookup.ranking import OF_ALL
from inference.lite.answering.lookup.sorts import UNITS
from inference.lite.answering.lookup.whole_lists import priced
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say
from inference.lite.field_text import plain as plain_text

ADDS = re.compile(
    r"一共|总共|合计|[加合]一?起|加起来|总和|\b(?:in total|altogether|together|total of|sum of|combined|all the)\b",
    re.IGNORECASE,
)
COUNTS = re.compile(rf"(?:几|多少)[单票{UNITS}]|\bhow many\b", re.IGNORECASE)
OF_COUNT = re.compile(r"数量|件数|qty|quantity|ordered|delivered", re.IGNORECASE)
NUMBER = re.compile(r"[-+−]?[¥￥$€£]?\s?\d[\d,]{0,12}(?:\.\d{1,4})?")
GENERAL = re.compile(r"多少钱?|一共|总共|[几两三]|这个月|今天|单|种|[上下]个?月")
MOST = 40  # addends that are said


def told(question: str, whole: str, entries: Sequence[Entry], chinese: bool) -> str:
    """A sentence without its mark, "" where the part asks for no such thing. `whole` is the whole
    question: what one part names holds for the next one."""
    adds, counts = ADDS.search(question), COUNTS.search(question)
    if not (adds or counts):
        return ""
    rows = _rows(entries)
    named = _named(whole, rows)
    chosen = named or list(rows)
    if counts and len(named) > 1 and not any(OF_COUNT.search(head) for head in _heads(rows)):
        names = joined([plain(_other(rows[one], one)) for one in chosen], chinese)
        return say("rows_in_all", chinese, count=bold(str(len(chosen))), names=names)
    if not adds or len(chosen) < 2:
        return ""
    heads = [head for head in _heads(rows) if shared(_bare(head), question)]
    if not heads and named:
        heads = [head for head in _heads(rows) if OF_ALL.search(head)][:1]
    if not heads or not (named or len(heads) > 1):
        return _of_list(question, entries, chinese)
    return _summed(chosen, heads, rows, chinese)


def _rows(entries: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """The cells of each row by their heads."""
    rows: dict[str, dict[str, str]] = {}
    for one in entries:
        if one.whole and one.label:
            rows.setdefault(one.whole, {})[one.label] = one.value
    return rows


def _heads(rows: dict[str, dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(head for cells in rows.values() for head in cells))


def _bare(head: str) -> str:
    """运费(元) → 运费, 保价费 → 保价: people leave out the end."""
    name = re.sub(r"[(（].*", "", head)
    return f"{name} {name[:-1]}" if len(name) > 2 else name


def _named(question: str, rows: dict[str, dict[str, str]]) -> list[str]:
    """The rows that have a word of the question."""
    asked = GENERAL.sub(" ", question)
    heads = " ".join(map(_bare, _heads(rows)))
    found = [one for one in rows if shared(asked, one) - shared(asked, heads)]
    if found:
        return found
    # One wrong character of a name in a column: 顺风 of 顺丰.
    words = {value for cells in rows.values() for value in cells.values() if len(value) == 2}
    near = [
        word
        for word in words
        if any(_is_near(word, asked[at : at + 2]) for at in range(len(asked)))
    ]
    return [one for one in rows if len(near) == 1 and near[0] in rows[one].values()]


def _is_near(word: str, other: str) -> bool:
    return len(other) == 2 and word[0] == other[0] and word.isalpha() and not word.isascii()


def _other(cells: dict[str, str], whole: str) -> str:
    """What tells a row from its neighbours: its name."""
    values = [value for value in cells.values() if not NUMBER.fullmatch(value)]
    return " ".join(values[:3]) or whole


def _of_list(question: str, entries: Sequence[Entry], chinese: bool) -> str:
    """The sum of the goods of a list without heads that the question names."""
    asked = plain_text(GENERAL.sub(" ", question))
    chosen = [
        (one, amount) for one, amount in priced(entries) if shared(asked, one.row or one.label)
    ]
    if len(chosen) < 2:
        return ""
    parts = [f"{plain(one.row or one.label)} {plain(one.value)}" for one, _ in chosen]
    total = sum(amount for _, amount in chosen)
    return say("sum_of", chinese, parts=_joined(parts), total=bold(f"{total:,}"))


def _summed(
    chosen: list[str], heads: list[str], rows: dict[str, dict[str, str]], chinese: bool
) -> str:
    parts, total = [], Decimal(0)
    for head in heads:
        values = [rows[one].get(head, "") for one in chosen]
        amounts = [Decimal(_digits(one)) for one in values if NUMBER.fullmatch(one)]
        if len(amounts) < len(chosen):
            return ""
        parts.append(f"{plain(head)} {sum(amounts):,}")
        total += sum(amounts)
    if len(parts) == 1:
        parts = [f"{plain(_other(rows[one], one))} {rows[one][heads[0]]}" for one in chosen]
    else:
        parts[0] = say("rows", chinese, count=len(chosen)) + parts[0]
    return say("sum_of", chinese, parts=_joined(parts), total=bold(f"{total:,}"))


def _joined(parts: list[str]) -> str:
    return " + ".join(parts if len(parts) <= MOST else [*parts[:MOST], "…"])


def _digits(text: str) -> str:
    return re.sub(r"[^\d.-]", "", text.replace("−", "-"))
