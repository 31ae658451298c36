"""Two pictures of one page: a table of the lines that differ."""

import re
import unicodedata
from difflib import SequenceMatcher

from inference.lite.reading import Reading, rows

SIMILAR = 0.5  # above this, two lines are versions of one
ASKS = re.compile(
    r"区别|不同|差异|差别|对比|比较|比对|改了|改动|变化|变更|修改|哪里不一样|不一样|两份|两张|两版|differ|difference|compar|chang|versus|\bvs\b",
    re.IGNORECASE,
)


def asks_to_compare(question: str) -> bool:
    return bool(ASKS.search(question))


def differences(first: Reading, second: Reading) -> list[tuple[str, str]]:
    """(line of the first, line of the second) where they differ; "" where one has none."""
    one, two = _paragraphs(first), _paragraphs(second)
    matcher = SequenceMatcher(a=[_key(text) for text in one], b=[_key(text) for text in two], autojunk=False)
    found: list[tuple[str, str]] = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind != "equal":
            found += _paired(one[start:end], two[other_start:other_end])
    return [(left, right) for left, right in found if _key(left) != _key(right)]


def table(pairs: list[tuple[str, str]], chinese: bool) -> str:
    """A Markdown table; what a picture says cannot break out of its cell."""
    head = ("序号", "第一张", "第二张") if chinese else ("#", "First", "Second")
    nothing = "(无)" if chinese else "(none)"
    lines = [f"| {' | '.join(head)} |", "| --- | --- | --- |"]
    for number, (left, right) in enumerate(pairs, start=1):
        lines.append(f"| {number} | {_cell(left) or nothing} | {_cell(right) or nothing} |")
    return "\n".join(lines)


def _paired(one: list[str], two: list[str]) -> list[tuple[str, str]]:
    """Within a changed block: the most similar lines belong together, in order; the rest came or went."""
    pairs: list[tuple[str, str]] = []
    rest = list(two)
    for left in one:
        scores = [SequenceMatcher(a=left, b=right, autojunk=False).ratio() for right in rest]
        best = max(range(len(rest)), key=scores.__getitem__, default=-1)
        if best >= 0 and scores[best] >= SIMILAR:
            pairs += [("", right) for right in rest[:best]]
            pairs.append((left, rest[best]))
            rest = rest[best + 1 :]
        else:
            pairs.append((left, ""))
    return pairs + [("", right) for right in rest]


def _paragraphs(reading: Reading) -> list[str]:
    return [" ".join(line.text for line in row) for row in rows(reading.lines)]


def _key(text: str) -> str:
    """Spacing and width of punctuation are OCR's, not the author's."""
    return re.sub(r"[\s,.,。、::;;·“”\"'()()\-—_|]", "", unicodedata.normalize("NFKC", text)).lower()


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
