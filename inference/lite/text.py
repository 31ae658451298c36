"""Text from outside in pieces that are short enough for patterns."""

import re
import unicodedata
from collections.abc import Iterator

MAX_LINE = 2_000  # characters that one search of a pattern gets
MAX_WORD = 200  # a longer word is cut where a line is too long
NARROW = (
    8  # spaces that are left of a wider gap; patterns allow as many between a label and its value
)
WIDE_GAP = re.compile(rf"\s{{{NARROW + 1},}}")
SENTENCE_END = re.compile(r"[\n。;;!!]")


def lines_in(text: str) -> Iterator[str]:
    """Lines and sentences that are not blank, each of MAX_LINE characters at most."""
    for part in SENTENCE_END.split(text):
        if part.strip():
            yield from pieces(part)


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of MAX_LINE characters at most, cut at spaces where there are any."""
    start = 0
    while len(text) - start > MAX_LINE:
        end = text.rfind(" ", start + MAX_LINE - MAX_WORD, start + MAX_LINE) + 1 or start + MAX_LINE
        yield text[start:end]
        start = end
    yield text[start:]


def normal(text: str) -> str:
    """NFKC, without wide gaps. Piece by piece: normalising takes quadratic time in a run of combining marks."""
    made = "".join(unicodedata.normalize("NFKC", piece) for piece in pieces(text))
    return WIDE_GAP.sub(" " * NARROW, made)
