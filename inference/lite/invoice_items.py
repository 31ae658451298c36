"""The lines of goods on an invoice: cells by the columns of the table's head."""

import re

from inference.lite.field_search import Search
from inference.lite.paper import Written

MAX_ITEMS = 100
NAMES = frozenset(
    (
        "项目名称",
        "货物或应税劳务名称",
        "货物或应税劳务、服务名称",
        "品名",
        "商品名称",
        "商品",
        "菜品",
        "description",
    )
)
QUANTITIES = frozenset(("数量", "qty", "quantity"))
AMOUNTS = frozenset(("金额", "小计", "amount"))
RATES = frozenset(("税率/征收率", "税率", "征收率"))
ENDS = re.compile(r"合\s?计|价税|小写|大写|总计|subtotal|total", re.IGNORECASE)
RATE = re.compile(r"(\d{1,2}(?:\.\d)?%)%?|免税|不征税")
NUMBER = re.compile(r"[¥$€£]?-?\d[\d,]*(?:\.\d+)?")


def add_items(search: Search) -> None:
    """Adds `item` ("name ×quantity amount") for each line of goods, and each `tax_rate`."""
    head = _head(search)
    if head is None:
        return
    position, columns = head
    count = 0
    for row in search.paper.rows[position + 1 : position + 1 + MAX_ITEMS]:
        search.paper.check()
        if any(ENDS.match(line.plain.strip()) for line in row):
            return
        cells = _cells(row, columns)
        name = cells.get("name")
        if name is None:
            continue
        rate = cells.get("rate")
        if rate is not None and (match := RATE.search(rate.text)):
            value = match[1] or match[0]
            search.add("tax_rate", value, rate, match.span(), label="税率")
        amount = cells.get("amount")
        if amount is None:
            _continue(search, count, name)
            continue
        quantity = cells.get("quantity")
        times = f" ×{quantity.text.strip()}" if quantity is not None else ""
        search.add(
            "item", f"{name.text.strip()}{times} {amount.text.strip()}", name, (0, len(name.text))
        )
        count += 1


def _continue(search: Search, count: int, name: Written) -> None:
    """A long name goes on in the row below."""
    if not count or RATE.search(name.text):
        return
    from dataclasses import replace

    last = next(
        i for i in range(len(search.found) - 1, -1, -1) if search.found[i].field.name == "item"
    )
    old = search.found[last]
    head = old.line.text.strip()
    value = old.field.value.replace(head, head + name.text.strip(), 1)
    search.found[last] = replace(old, field=replace(old.field, value=value))


def _head(search: Search) -> tuple[int, dict[str, tuple[float, float]]] | None:
    """(row, column name → its left and right edge) of the table's head."""
    for position, row in enumerate(search.paper.rows):
        columns: dict[str, tuple[float, float]] = {}
        for line in row:
            left, _, width, _ = line.line.place
            for hit in line.hits:
                per = width / max(1, len(line.text))
                edges = (left + hit.start * per, left + hit.end * per)
                for name, words in (
                    ("name", NAMES),
                    ("quantity", QUANTITIES),
                    ("amount", AMOUNTS),
                    ("rate", RATES),
                ):
                    if hit.key in words and name not in columns:
                        columns[name] = edges
        if "name" in columns and "amount" in columns:
            return position, columns
    return None


def _cells(row: list[Written], columns: dict[str, tuple[float, float]]) -> dict[str, Written]:
    """The row's lines by column: the one whose middle is nearest, numbers in number columns."""
    cells: dict[str, Written] = {}
    best: dict[str, float] = {}
    for line in row:
        left, _, width, height = line.line.place
        middle = left + width / 2
        for name, (start, end) in columns.items():
            distance = max(0.0, start - middle, middle - end)
            if name == "name":
                distance = abs(left - start)
                fits = not NUMBER.fullmatch(line.text.strip()) and line is row[0]
            elif name == "rate":
                fits = RATE.search(line.text) is not None
            else:
                fits = NUMBER.fullmatch(line.text.strip()) is not None and distance < 2.5 * height
            if fits and distance < best.get(name, float("inf")):
                cells[name], best[name] = line, distance
    return cells
