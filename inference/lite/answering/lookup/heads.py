"""The rows of a picture as cells, and the heads of columns, which may go on in a second line."""

import re
from dataclasses import replace

from inference.lite.reading import Line, rows
from inference.lite.stacks import stacks
from inference.lite.text import normal

HEADS_AT_LEAST = 3
MAX_HEAD = 16  # characters of a column's head
MAX_HEAD_LINES = 3
TIGHT = 0.25  # heights between the lines of a head
NUMBERS = 2  # cells with digits that the row below a head has
LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]{2}")
# Two cells that were read as one line: "规格型号 单位 数量", "5 119.469027".
HEADS = re.compile(r"[\u3400-\u9fff/()（）]{2,8}(?: [\u3400-\u9fff/()（）]{2,8}){1,5}")
VALUES = re.compile(r"[\d.,%]{1,14}(?: [\d.,%]{1,14}){1,4}")

Row = list[Line]


def table_rows(lines: list[Line]) -> list[tuple[Row, Row]]:
    """(lines, cells) of each row. Labels with their values below them are no rows of a table."""
    stacked = {line for one in stacks(lines) for line in (one.label, *one.values)}
    wrapped = {id(line) for row in _wrapped(_with_cells(lines)) for line in row}
    every = _with_cells([one for one in lines if one not in stacked or id(one) in wrapped])
    made: list[tuple[Row, Row]] = []
    for row, cells in every:
        if made and id(row[0]) in wrapped and id(made[-1][0][-1]) in wrapped:
            last, above = made[-1]
            made[-1] = ([*last, *row], _columns([*above, *cells]))
        else:
            made.append((row, cells))
    return made


def _with_cells(lines: list[Line]) -> list[tuple[Row, Row]]:
    return [(row, [cell for line in row for cell in _cells(line)]) for row in rows(lines)]


def _wrapped(every: list[tuple[Row, Row]]) -> list[Row]:
    """The rows of heads of two or three lines: numbers stand below them."""
    made: list[Row] = []
    for at in range(len(every)):
        end = at + 1
        while end < min(at + MAX_HEAD_LINES, len(every)) and _wraps(
            every[end - 1][1], every[end][1]
        ):
            end += 1
        if end == at + 1 or end == len(every):
            continue
        below = every[end][1]
        numbers = sum(any(map(str.isdigit, cell.text)) for cell in below)
        columns = _columns([cell for _, cells in every[at:end] for cell in cells])
        if len(below) >= HEADS_AT_LEAST <= len(columns) and numbers >= NUMBERS:
            made += [row for row, _ in every[at:end]]
    return made


def _wraps(above: Row, below: Row) -> bool:
    """Whether heads may go on in a row close below, which has cells of some columns only."""
    if min(len(above), len(below)) < 2 or not all(map(is_head, [*above, *below])):
        return False
    if len(above) == len(below) >= HEADS_AT_LEAST:
        return False
    bottom = max(cell.place[1] + cell.place[3] for cell in above)
    return min(cell.place[1] for cell in below) - bottom < TIGHT * above[0].place[3]


def _columns(cells: Row) -> Row:
    """Cells that lie over each other made one, from left to right."""
    made: Row = []
    for cell in sorted(cells, key=lambda one: one.place[1]):
        left, top, width, height = cell.place
        for number, one in enumerate(made):
            x, y, wide, high = one.place
            if left < x + wide and x < left + width:
                start, end = min(left, x), max(left + width, x + wide)
                frame = (start, y, end - start, max(top + height, y + high) - y)
                space = " " if one.text.isascii() else ""
                made[number] = replace(one, text=f"{one.text}{space}{cell.text}", frame=frame)
                break
        else:
            made.append(cell)
    return sorted(made, key=lambda one: one.place[0])


def _cells(line: Line) -> list[Line]:
    """The cells of a line."""
    text = normal(line.text).strip()
    if not (HEADS.fullmatch(text) or VALUES.fullmatch(text)):
        return [Line(text, line.box, line.confidence, line.frame)] if text else []
    left, top, width, height = line.place
    made, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        frame = (left + width * start / len(text), top, width * len(word) / len(text), height)
        made.append(Line(word, line.box, line.confidence, frame))
    return made


def is_head(cell: Line) -> bool:
    """Whether a cell may be the head of a column."""
    return (
        2 <= len(cell.text) <= MAX_HEAD
        and LETTERS.search(cell.text) is not None
        and not re.search(r"\d|[:：]$|[:：].", cell.text)
    )
