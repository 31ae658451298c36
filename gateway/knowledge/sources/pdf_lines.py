"""Paragraphs of a PDF's lines: a PDF holds lines as printed, with headers, footers and page
numbers between them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.knowledge.sources.numbering import clause_start
from gateway.knowledge.sources.question_pairs import begins_pair

PAGE_NUMBER = re.compile(
    r"^[-–— ]{0,4}(?:第 ?)?[0-9]{1,4}(?: ?页)?(?: ?[,，/]? ?(?:共|of|/)? ?[0-9]{1,4}(?: ?页)?)?[-–— ]{0,4}$|"
    r"^page [0-9]{1,4}(?: of [0-9]{1,4})?$",
    re.IGNORECASE,
)
DIGITS = re.compile(r"[0-9]+")
MAX_RUNNING_CHARS = 100
# A header or footer stands on so many pages, and on this share of them.
MIN_RUNNING, RUNNING_SHARE = 3, 0.5
FULL = 0.85  # of the widest line: the paragraph goes on in the next
CONTENTS_ENTRY = re.compile(r"[.·…]{4} ?[0-9]{1,4}$")


@dataclass(frozen=True, slots=True)
class PageLine:
    """`size`: of the letters, in points. `top`, `bottom`: from the page's upper edge."""

    text: str
    page: int
    size: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


@dataclass(slots=True)
class PageTable:
    """`rows` with the page of each."""

    rows: list[list[str]]
    pages: list[int]
    top: float
    bottom: float


Piece = PageLine | PageTable
Page = list[Piece]


def without_running_lines(pages: Sequence[Page]) -> list[Page]:
    """The pages without page numbers, and without first and last lines that many pages share."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_shape(piece) for piece in _edges(page)})
    least = max(MIN_RUNNING, RUNNING_SHARE * len(pages))
    running = {shape for shape, count in seen.items() if shape and count >= least}
    made = []
    for page in pages:
        edges = [
            piece
            for piece in _edges(page)
            if _shape(piece) in running or PAGE_NUMBER.match(piece.text[:MAX_RUNNING_CHARS])
        ]
        made.append([piece for piece in page if not any(piece is edge for edge in edges)])
    return made


def _edges(page: Page) -> list[PageLine]:
    """The first two and the last two lines."""
    ends = page if len(page) <= 4 else [*page[:2], *page[-2:]]
    return [piece for piece in ends if isinstance(piece, PageLine)]


def _shape(line: PageLine) -> str:
    """The line without its numbers; "" for one that is too long for a header."""
    return "" if len(line.text) > MAX_RUNNING_CHARS else DIGITS.sub("#", line.text)


def joined(pages: Sequence[Page], headings: set[float]) -> Iterator[Piece]:
    """Paragraphs, each as one line, and tables, also across pages. `headings`: their sizes."""
    width = max(
        (columns(piece.text) for page in pages for piece in page if isinstance(piece, PageLine)),
        default=0,
    )
    open_piece: Piece | None = None
    full = False  # the last line of the open paragraph reaches the edge
    for page in pages:
        for piece in page:
            if isinstance(piece, PageLine) and CONTENTS_ENTRY.search(piece.text[-60:]):
                continue  # an entry of the table of contents
            if open_piece is not None and _continues(open_piece, piece, full, headings):
                open_piece = _together(open_piece, piece)
            else:
                if open_piece is not None:
                    yield open_piece
                open_piece = piece
            full = isinstance(piece, PageLine) and columns(piece.text) >= FULL * width
    if open_piece is not None:
        yield open_piece


def _continues(first: Piece, second: Piece, full: bool, headings: set[float]) -> bool:
    if isinstance(first, PageTable):
        return (
            isinstance(second, PageTable)
            and len(first.rows[0]) == len(second.rows[0])
            and first.pages[-1] < second.pages[0]
        )
    if isinstance(second, PageTable) or not full:
        return False
    sizes = round(first.size, 1), round(second.size, 1)
    return (
        (sizes[0] == sizes[1] or not set(sizes) & headings)
        and clause_start(second.text) is None
        and not begins_pair(second.text)
        and second.text[:1] not in "•·●-*"
    )


def _together(first: Piece, second: Piece) -> Piece:
    if isinstance(first, PageTable) and isinstance(second, PageTable):
        again = 1 if second.rows[0] == first.rows[0] else 0  # a header that the page repeats
        first.rows += second.rows[again:]
        first.pages += second.pages[again:]
        return first
    assert isinstance(first, PageLine)
    assert isinstance(second, PageLine)
    text = first.text
    if text.endswith("-") and text[-2:-1].isalpha() and second.text[:1].islower():
        text = text[:-1]
    elif text[-1:] < "\u2e80" or second.text[:1] < "\u2e80":
        text += " "
    return PageLine(text + second.text, first.page, first.size, first.top, first.bottom)


def columns(text: str) -> int:
    """Of a terminal: a Chinese character takes two."""
    return sum(2 if character > "\u2e7f" else 1 for character in text)
