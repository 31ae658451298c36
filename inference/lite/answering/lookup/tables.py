"""The cells of a picture's tables and lists: each with its row's name and its column's head."""

import re
from dataclasses import dataclass, replace

from inference.lite.answering.lookup.heads import HEADS_AT_LEAST, LETTERS, is_head, table_rows
from inference.lite.budget import Budget
from inference.lite.reading import Line, Reading
from inference.lite.stacks import is_form

MAX_LINES = 600
HAN = re.compile(r"[\u3400-\u9fff]")
TIMES = re.compile(
    r"(?<![\w*])[(（]?\s?[x×X]\s?(?P<count>\d{1,4})\s?[)）]?$|^[x×X*]\s?(?P<lead>\d{1,4})$|数量[:：]?\s?(?P<named>\d{1,4})"
)
# What stands below the name of goods.
OF_GOODS = re.compile(
    r"规格|颜色|款式|尺[码寸]|型号|已选|分类|SKU\b|colou?r|size|variant|style|option", re.IGNORECASE
)
PRICE = re.compile(r"[-+−]?\s?[¥￥$€£]?\s?[\d,]{1,12}\.\d{2}")
DATED = re.compile(r"\W{0,3}(?:\w{3}, )?\d{1,4}[-/.年月:]\d{1,2}")
NUMBER_HEAD = re.compile(r"序|号|№|#|No\.?", re.IGNORECASE)
ROW_NUMBER = re.compile(r"\d{1,3}")  # of a spreadsheet
CODE = re.compile(r"\d{6,14}")
LABELLED = re.compile(r"[^:：]{1,12}[:：]\D|[^:：\d]{1,12}[:：]\d")
TOTAL = re.compile(r"合\s?计|总[计额价]|实[付收]|应[付收]|\btotal\b|\bsubtotal\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    row: str
    head: str
    line: Line
    whole: str = ""  # the words of its row
    at: int = 0  # the number of its row among the picture's rows of text

    @property
    def value(self) -> str:
        return self.line.text


def cells(reading: Reading, budget: Budget) -> tuple[list[Cell], set[int]]:
    """The cells below heads, and the counts of lists without heads; and which lines (by `id`) are
    heads and cells."""
    made: list[Cell] = []
    used: set[int] = set()
    heads: list[Line] = []
    name = above = ""
    has_numbers = False
    for at, (row, parts) in enumerate(table_rows(reading.lines[:MAX_LINES])):
        budget.check()
        numbered = bool(parts) and ROW_NUMBER.fullmatch(parts[0].text) is not None
        if _is_head(parts[numbered:]):
            heads, name, has_numbers = parts[numbered:], "", numbered
            used.update(id(line) for line in row)
            continue
        if heads and len(parts) == 1 and _is_name(parts[0]) and not LABELLED.match(parts[0].text):
            above = parts[0].text
            continue
        if heads and not _fits(parts, heads):
            heads = []
        if heads and has_numbers and numbered:
            parts = parts[1:]
        if heads and len(parts) >= 2 and CODE.fullmatch(parts[0].text) and above:
            parts = [_as(parts[0], above), *parts[1:]]  # the name stands above its barcode
        if heads:
            used.update(id(line) for line in row)
            named = next((cell for cell in parts if _is_name(cell)), parts[0])
            whole = " ".join(cell.text for cell in parts if LETTERS.search(cell.text))
            made += [
                Cell("" if cell is named else named.text, head.text, cell, whole, at)
                for cell in parts
                if (head := _above(cell, heads)) is not None
            ]
            continue
        made += [replace(one, at=at) for one in _listed(parts, name)]
        if parts and _is_name(parts[0]):
            name = parts[0].text if len(parts) > 1 and PRICE.search(parts[-1].text) else name
    return made, used


def _is_head(row: list[Line]) -> bool:
    if row and NUMBER_HEAD.fullmatch(row[0].text):
        row = row[1:]  # of the column that numbers the rows
    if len(row) < HEADS_AT_LEAST or is_form([one.text for one in row]):
        return False
    return all(map(is_head, row))


def _fits(row: list[Line], heads: list[Line]) -> bool:
    """Whether a row goes on in a table: a total below it has a name and an amount."""
    is_sum = len(row) == 2 < len(heads) and PRICE.fullmatch(row[-1].text)
    labelled = any(LABELLED.match(one.text) for one in row)
    return len(row) >= 2 and not is_sum and not labelled and not TOTAL.match(row[0].text)


def _above(cell: Line, heads: list[Line]) -> Line | None:
    """The head of the column in which a cell stands: the nearest by its middle or its edge."""
    left, _, width, _ = cell.place

    def far(head: Line) -> float:
        x, _, wide, _ = head.place
        apart = max(x - left - width, left - x - wide, 0.0)
        return apart * 4 + min(
            abs(x - left), abs(x + wide - left - width), abs(x + wide / 2 - left - width / 2)
        )

    return min(heads, key=far, default=None)


def _is_name(cell: Line) -> bool:
    return (
        bool(LETTERS.search(cell.text))
        and not TOTAL.search(cell.text)
        and not DATED.match(cell.text)
    )


def _listed(row: list[Line], name: str) -> list[Cell]:
    """Of a row of goods without heads."""
    if not row:
        return []
    made = []
    first = row[0]
    own = first.text if _is_name(first) else ""
    times = TIMES.search(first.text) or (len(row) > 1 and TIMES.search(row[1].text)) or None
    if times and (own or name):
        count = times["count"] or times["lead"] or times["named"]
        is_below = bool(name) and OF_GOODS.match(first.text) is not None
        whose = own if own and not (times["lead"] or times["named"] or is_below) else name
        if whose:
            made.append(Cell(whose, "数量", _as(first, count)))
    if len(row) >= 3 and own and PRICE.fullmatch(row[-1].text):
        made += [
            Cell(own, "数量", one)
            for one in row[1:-1]
            if re.fullmatch(r"\d{1,4}(?:\.\d{1,3})?\s?[\u3400-\u9fffa-z]{0,3}", one.text)
        ]
    return made


def _as(line: Line, text: str) -> Line:
    return Line(text, line.box, line.confidence, line.frame)
