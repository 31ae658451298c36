"""Cuts text from outside into pieces that are short enough for patterns."""

import re
import unicodedata
from collections.abc import Iterator

MAX_LINE = 2_000  # characters that one search of a pattern gets
MAX_WORD = 200  # a longer word is cut where a line is too long
# A wider gap is narrowed to this many spaces, which patterns allow between a label and its value.
NARROW = 8
WIDE_GAP = re.compile(rf"\s{{{NARROW + 1},}}")
SENTENCE_END = re.compile(r"[\n。;;!!]")


def lines_in(text: str) -> Iterator[str]:
    """Lines and sentences that are not blank, of at most MAX_LINE characters each."""
    for part in SENTENCE_END.split(text):
        if part.strip():
            yield from pieces(part)


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most MAX_LINE characters, cut at spaces where possible."""
    start = 0
    while len(text) - start > MAX_LINE:
        end = text.rfind(" ", start + MAX_LINE - MAX_WORD, start + MAX_LINE) + 1 or start + MAX_LINE
        yield text[start:end]
        start = end
    yield text[start:]


def normal(text: str) -> str:
    """NFKC without wide gaps.

    Normalising takes quadratic time in a run of combining marks, so it is done in pieces.
    """
    made = "".join(unicodedata.normalize("NFKC", piece) for piece in pieces(text))
    return WIDE_GAP.sub(" " * NARROW, made)
