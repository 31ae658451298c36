"""The paragraphs of a picture: a line that was too long for its place goes on in the next."""

import re

from inference.lite.budget import Budget
from inference.lite.reading import Line, Reading, in_rows

MAX_LINES = 2_000  # of a picture; those after them stay as they are
NEAR = 12  # paragraphs above a line that may go on in it
GAP, GAP_IN_CHAT = 1.0, 0.45  # heights of a line between two lines of a paragraph, of a message
SIZES = 0.7  # the smaller height / the larger, from which lines are of one type
EDGE = 2.2  # heights by which edges or middles differ at most: an indented line is such
FULL = 1.0  # heights by which a full line may be shorter than the next: a word did not fit
LEAST = 8  # heights: shorter lines are labels and cells
ENDS = re.compile(r"[。！？!?；;:：]$|[A-Za-z]\.$")
# A clause, an item of a list, or a label begins anew.
BEGINS = re.compile(
    r"第[一二三四五六七八九十百\d]{1,4}[条章款]|[一二三四五六七八九十]{1,3}[、.]|\d{1,2}[.、)）]\D|[（(][一二三四五六七八九十\d]"
    r"|[-•·●*]|[^\s\d:：]{1,10}[:：]|\d{2,4}[-/年.]\d"
)
LATIN = re.compile(r"[A-Za-z0-9,.;)]")


def paragraphs(reading: Reading, budget: Budget | None = None) -> list[str]:
    """The text of each paragraph, from top to bottom."""
    return [text_of(one) for one in in_paragraphs(reading, budget)]


def in_paragraphs(reading: Reading, budget: Budget | None = None) -> list[list[Line]]:
    """The lines of each paragraph, from top to bottom."""
    lines = in_rows([line for line in reading.lines if line.text.strip()])
    gap = GAP_IN_CHAT if reading.kind == "chat" else GAP
    open_: list[list[Line]] = []
    for number, line in enumerate(lines):
        if budget is not None:
            budget.check()
        above = None
        if number < MAX_LINES and line.place[3]:
            above = next(
                (one for one in open_[: -NEAR - 1 : -1] if _goes_on(one[-1], line, gap)), None
            )
        if above is None or not _is_alone(above[-1], lines):
            open_.append([line])
        else:
            above.append(line)
    return open_


def _goes_on(one: Line, two: Line, gap: float) -> bool:
    """Whether a line goes on in another one, by how they lie and how they end and begin."""
    left, top, width, height = one.place
    x, y, wide, high = two.place
    if y <= top or y - (top + height) >= gap * min(height, high):
        return False
    if min(height, high) < SIZES * max(height, high) or width < LEAST * height:
        return False
    at_left = abs(left - x) < EDGE * height and left + width >= x + wide - FULL * height
    centred = abs(left + width / 2 - x - wide / 2) < height and width >= wide - FULL * height
    return (at_left or centred) and not ENDS.search(one.text) and not BEGINS.match(two.text)


def _is_alone(line: Line, lines: list[Line]) -> bool:
    """Whether nothing stands at the right of a line: it is no cell of a table."""
    left, top, width, height = line.place
    middle = top + height / 2
    return not any(
        other.place[0] > left + width and other.place[1] < middle < other.place[1] + other.place[3]
        for other in lines
    )


def text_of(lines: list[Line]) -> str:
    """The text of a paragraph."""
    texts = [line.text.strip() for line in lines]
    made = texts[0]
    for text in texts[1:]:
        is_latin = LATIN.match(made[-1:]) and LATIN.match(text)
        made += (" " if is_latin else "") + text
    return made
