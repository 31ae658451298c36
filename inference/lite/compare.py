"""Compares two documents: a table of what differs, numbers and names first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from inference.lite.budget import Budget
from inference.lite.compare_align import likeness, matches, similar
from inference.lite.compare_hunks import TRUSTED, hunks, is_doubtful, is_mark
from inference.lite.compare_parts import MAX_ROWS, Part, parts_of
from inference.lite.reading import Reading

__all__ = ["MAX_ROWS", "Difference", "asks_to_compare", "differences", "pair_of"]

SIMILAR = 0.5  # likeness from which two sentences are versions of one
SAME_TEXT = 0.8  # likeness from which two stretches are one text that is cut elsewhere
MAX_HUNKS = 4  # changed places of one sentence that are told one by one
# A verb or noun of comparing. "修改", "比较慢" and "a different item" alone ask for something else.
CHANGE = r"(?:不同|不一样|变化|变动|改动|改变|变更|修改|区别|差异|差别)"
ASKS = re.compile(
    r"区别|差异|差别|对比|比对|比一比|比一下|找不同|不同之处|不同点"
    r"|(?:请|帮我|帮忙)比较|比较(?:一下|下|这|那|两|图|$)"
    rf"|(?:什么|哪些|啥|哪里|哪儿|哪几?处)(?:地方|内容|条款)?(?:被|有|是|做了|的)?{CHANGE}"
    rf"|有(?:没有|无)?(?:地方)?{CHANGE}(?:吗|么|$|\W)"
    r"|(?:改|变|变更|修改|改动)了?(?:什么|哪|啥|几处)|(?:哪里|哪些|哪几?处)(?:地方)?被?(?:改|变)"
    r"|一[样致][吗么]|相同[吗么]|是否(?:一[样致]|相同)|是不是一[样致]|一不一样"
    r"|\b(?:what|which|any|find|show|spot|list|tell|see)\b.{0,30}\bdifferences?\b"
    r"|\bdifferences? between\b|\bhow (?:do|does|are|is)\b.{0,40}\b(?:differ|different)\b"
    r"|\bwhat(?:'s| is| was| are| has| have| did)?\b.{0,20}\b(?:changed|changes|different)\b"
    r"|\bchanges between\b|\bcompar(?:e|ing|ison)\b|\bversus\b|\bvs\b"
    r"|\b(?:are|is)\b.{0,40}\bthe same\b",
    re.IGNORECASE,
)
PARTY = re.compile(
    r"[甲乙丙丁]|公司|银行|先生|女士|(?:名称|姓名|[收寄]件人|收货人|联系人|销售方|购买方)"
    r"|\b(?:Party|Name|Seller|Buyer|Inc|Ltd)\b"
)
# The order in which differences are told.
VALUE, PARAGRAPH, WORDING, NUMBERING = range(4)


@dataclass(frozen=True, slots=True)
class Difference:
    """`first` and `second` quote both documents, "" for nothing there; a change in them stands
    between OPEN and CLOSE (compare_hunks.py). `kind`: changed, removed, added, moved or renumbered.
    `is_sure`: no mistake of OCR explains it."""

    kind: str
    place: str
    first: str
    second: str
    rank: int
    is_sure: bool = True


def asks_to_compare(question: str) -> bool:
    return bool(ASKS.search(question))


def pair_of(
    newest: Sequence[Reading], known: Sequence[Reading]
) -> tuple[list[Reading], list[Reading]] | None:
    """The two documents to compare, each with its pages: of the last question, else the last two
    that are known. The pages of one document are compared only where it is the only one and has
    two. None where there are no two."""
    documents = _documents(newest)
    if len(documents) < 2:
        documents = _documents(known) if len(_documents(known)) > 1 else documents
    if len(documents) == 1 and len(documents[0]) == 2:
        documents = [[page] for page in documents[0]]
    return (documents[-2], documents[-1]) if len(documents) > 1 else None


def _documents(readings: Sequence[Reading]) -> list[list[Reading]]:
    """The readings by the file that they are pages of."""
    numbered = [(one.image or str(number), one) for number, one in enumerate(readings)]
    return [[one for _, one in pages] for _, pages in groupby(numbered, lambda pair: pair[0])]


def differences(
    first: Reading | Sequence[Reading], second: Reading | Sequence[Reading], budget: Budget
) -> list[Difference]:
    """What differs between two documents, each one reading or the readings of its pages; numbers,
    names and table cells first.

    Raises LiteError for more than MAX_ROWS lines or a spent budget.
    """
    one, two = (
        parts_of([given] if isinstance(given, Reading) else given, budget)
        for given in (first, second)
    )
    keys, others = [part.key for part in one], [part.key for part in two]
    same = matches(keys, others, budget)
    found: list[Difference] = []
    at = other_at = 0
    for start, other_start in [*same, (len(one), len(two))]:
        found += _block(one[at:start], two[other_at:other_start], budget)
        at, other_at = start + 1, other_start + 1
    found = _with_moves(found)
    found += _renumbered([(one[left], two[right]) for left, right in same])
    return sorted(found, key=lambda difference: difference.rank)


def _block(one: Sequence[Part], two: Sequence[Part], budget: Budget) -> Iterator[Difference]:
    """The differences of a stretch in which no parts are equal. Rows of tables are paired by their
    first cell, sentences by their likeness."""
    budget.check()
    if "".join(part.key for part in one) == "".join(part.key for part in two):
        return  # the same text, cut into other parts
    at = other_at = 0
    for start, other_start in [*matches(_names(one), _names(two), budget), (len(one), len(two))]:
        yield from _stretch(one[at:start], two[other_at:other_start], budget)
        if start < len(one):
            yield from _pair(one[start], two[other_start], budget)
        at, other_at = start + 1, other_start + 1


def _names(parts: Sequence[Part]) -> list[str]:
    """For rows of tables their first cell; for sentences something that no other has."""
    return [
        f"{len(part.cells)} {part.cells[0]}" if part.cells else f"\0{id(part)}" for part in parts
    ]


def _stretch(one: Sequence[Part], two: Sequence[Part], budget: Budget) -> Iterator[Difference]:
    if one and two and len(one) != len(two) and _is_one_text(one, two):
        yield from _pair(_joined(one), _joined(two), budget)
        return
    pairs = similar([part.key for part in one], [part.key for part in two], SIMILAR, budget)
    at = other_at = 0
    for start, other_start in [*pairs, (len(one), len(two))]:
        yield from _gone(one[at:start], "removed")
        yield from _gone(two[other_at:other_start], "added")
        if start < len(one):
            yield from _pair(one[start], two[other_start], budget)
        at, other_at = start + 1, other_start + 1


def _is_one_text(one: Sequence[Part], two: Sequence[Part]) -> bool:
    if any(part.cells for part in (*one, *two)):
        return False
    return likeness(_joined(one).key, [_joined(two).key])[0] >= SAME_TEXT


def _joined(parts: Sequence[Part]) -> Part:
    confidence = min(part.confidence for part in parts)
    text = " ".join(part.text for part in parts)
    return replace(parts[0], text=text, confidence=confidence)


def _pair(one: Part, two: Part, budget: Budget) -> Iterator[Difference]:
    """The differences of two versions of one sentence or row."""
    if one.cells and len(one.cells) == len(two.cells):
        yield from _cells(one, two)
        return
    confidence = min(one.confidence, two.confidence)
    found = hunks(one.text, two.text, budget)
    if len(found) > MAX_HUNKS:
        yield Difference("changed", one.place, one.text, two.text, VALUE, confidence >= TRUSTED)
        return
    for hunk in found:
        if hunk.is_mark and confidence < 1.0:
            continue  # OCR misses and invents commas and dots between words
        changes_party = PARTY.search(hunk.old) or PARTY.search(hunk.new)
        is_value = hunk.is_value or changes_party or PARTY.match(one.text)
        rank = VALUE if is_value else WORDING
        is_sure = not is_doubtful(hunk.old, hunk.new, confidence)
        yield Difference("changed", one.place, hunk.first, hunk.second, rank, is_sure)


def _cells(one: Part, two: Part) -> Iterator[Difference]:
    confidence = min(one.confidence, two.confidence)
    for number, (old, new) in enumerate(zip(one.cells, two.cells, strict=True)):
        left, right = "".join(old.split()), "".join(new.split())
        if left == right or (confidence < 1.0 and is_mark(left + right)):
            continue
        head = one.heads[number] if number < len(one.heads) else ""
        place = " · ".join(filter(None, (one.place, head if head != old else "")))
        is_sure = not is_doubtful(left, right, confidence)
        yield Difference("changed", place, old, new, VALUE, is_sure)


def _gone(parts: Sequence[Part], kind: str) -> Iterator[Difference]:
    """One difference for each paragraph that is in one document only."""
    for _, group in groupby(parts, lambda part: part.paragraph):
        whole = _joined(list(group))
        text = f"{whole.label} {whole.text}".strip()
        is_sure = whole.confidence >= 1.0 or (
            whole.confidence >= TRUSTED and not is_mark(text) and len(whole.key) > 1
        )
        quotes = (text, "") if kind == "removed" else ("", text)
        rank = VALUE if whole.cells else PARAGRAPH
        yield Difference(kind, whole.place, *quotes, rank, is_sure)


def _with_moves(found: list[Difference]) -> list[Difference]:
    """A text that is removed here and added there has moved: one difference."""
    added = {_moved_key(one.second): one for one in found if one.kind == "added"}
    moved = {
        id(one): added[_moved_key(one.first)]
        for one in found
        if one.kind == "removed" and _moved_key(one.first) in added
    }
    targets = {id(one) for one in moved.values()}
    return [
        replace(one, kind="moved", second=moved[id(one)].second) if id(one) in moved else one
        for one in found
        if id(one) not in targets
    ]


def _moved_key(text: str) -> str:
    """Without the number of the clause, which changes where it is moved to."""
    rest = re.sub(r"\A第[^条章节]{1,8}[条章节]|\A\d{1,2}[.、)]", "", text)
    return "".join(rest.split())


def _renumbered(pairs: Sequence[tuple[Part, Part]]) -> Iterator[Difference]:
    """One difference for all clauses that only have another number."""
    changed = [(one.label, two.label) for one, two in pairs if one.label != two.label]
    if changed:
        first, second = ("、".join(labels) for labels in zip(*changed, strict=True))
        yield Difference("renumbered", changed[0][0], first, second, NUMBERING)
