"""Compares two pictures: a table of the lines that differ."""

import re
from array import array

from inference.lite.budget import Budget
from inference.lite.errors import LiteError
from inference.lite.reading import Reading, rows
from inference.lite.text import normal

SIMILAR = 0.5  # share of common characters from which two lines are versions of one
MAX_ROWS = 1_500  # of one picture: aligning that many takes 0.2 s
MAX_COMPARED = 300  # characters of a line that are compared
WINDOW = 40  # lines among which the other version of a line is looked for
ASKS = re.compile(
    r"区别|不同|差异|差别|对比|比较|比对|改了|改动|变化|变更|修改|哪里不一样|不一样|两份|两张|两版"
    r"|differ|difference|compar|chang|versus|\bvs\b",
    re.IGNORECASE,
)


def asks_to_compare(question: str) -> bool:
    return bool(ASKS.search(question))


def differences(first: Reading, second: Reading, budget: Budget) -> list[tuple[str, str]]:
    """(line of the first, line of the second) for each difference; "" for a missing line.

    Raises LiteError for more than MAX_ROWS lines or a spent budget.
    """
    one, two = _paragraphs(first), _paragraphs(second)
    keys, others = [_key(text) for text in one], [_key(text) for text in two]
    found: list[tuple[str, str]] = []
    at = other_at = 0
    for start, other_start in [*_same_lines(keys, others, budget), (len(one), len(two))]:
        found += _paired(one[at:start], two[other_at:other_start], budget)
        at, other_at = start + 1, other_start + 1
    return [(left, right) for left, right in found if _key(left) != _key(right)]


def table(pairs: list[tuple[str, str]], chinese: bool) -> str:
    """A Markdown table. Text from a picture cannot break out of its cell."""
    head = ("序号", "第一张", "第二张") if chinese else ("#", "First", "Second")
    nothing = "(无)" if chinese else "(none)"
    lines = [f"| {' | '.join(head)} |", "| --- | --- | --- |"]
    for number, (left, right) in enumerate(pairs, start=1):
        lines.append(f"| {number} | {_cell(left) or nothing} | {_cell(right) or nothing} |")
    return "\n".join(lines)


def _same_lines(one: list[str], two: list[str], budget: Budget) -> list[tuple[int, int]]:
    """(index in `one`, index in `two`) of a longest common subsequence."""
    same = [array("H", bytes(2 * (len(two) + 1)))]
    for text in reversed(one):
        budget.check()
        below, row = same[-1], same[0][:]
        for place in range(len(two) - 1, -1, -1):
            row[place] = (
                below[place + 1] + 1 if text == two[place] else max(below[place], row[place + 1])
            )
        same.append(row)
    same.reverse()
    found: list[tuple[int, int]] = []
    left = right = 0
    while left < len(one) and right < len(two):
        if one[left] == two[right]:
            found.append((left, right))
            left, right = left + 1, right + 1
        elif same[left + 1][right] >= same[left][right + 1]:
            left += 1
        else:
            right += 1
    return found


def _paired(one: list[str], two: list[str], budget: Budget) -> list[tuple[str, str]]:
    """Pairs the most similar lines of a changed block, in order. The rest was added or removed."""
    pairs: list[tuple[str, str]] = []
    rest = two
    for left in one:
        budget.check()
        scores = _likeness(left, rest[:WINDOW])
        best = max(range(len(scores)), key=scores.__getitem__, default=-1)
        if best >= 0 and scores[best] >= SIMILAR:
            pairs += [("", right) for right in rest[:best]]
            pairs.append((left, rest[best]))
            rest = rest[best + 1 :]
        else:
            pairs.append((left, ""))
    return pairs + [("", right) for right in rest]


def _likeness(text: str, others: list[str]) -> list[float]:
    """For each other text, the share of characters in a longest common subsequence, 0 to 1.

    Bit-parallel (Hyyrö 2004): one addition of integers for each character of the other text.
    """
    text = text[:MAX_COMPARED]
    full = (1 << len(text)) - 1
    places: dict[str, int] = {}
    for place, character in enumerate(text):
        places[character] = places.get(character, 0) | 1 << place
    scores = []
    for other in others:
        other = other[:MAX_COMPARED]
        row = full
        for character in other:
            matched = row & places.get(character, 0)
            row = ((row + matched) | (row - matched)) & full
        common = len(text) - row.bit_count()
        scores.append(2 * common / ((len(text) + len(other)) or 1))
    return scores


def _paragraphs(reading: Reading) -> list[str]:
    made = [" ".join(line.text for line in row) for row in rows(reading.lines)]
    if len(made) > MAX_ROWS:
        raise LiteError(
            f"A picture has {len(made)} lines of text; at most {MAX_ROWS} can be compared.",
            details={"limit": MAX_ROWS, "size": len(made)},
        )
    return made


def _key(text: str) -> str:
    """The line without what OCR gets wrong: spacing, and width of punctuation."""
    return re.sub(r"[\s,.,。、::;;·“”\"'()()\-—_|]", "", normal(text)).lower()


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
