"""Invoices: whose they are, what they cost, what was bought."""

import re
from dataclasses import replace

from inference.lite.field_search import Found, Search
from inference.lite.invoice_items import add_items
from inference.lite.invoice_money import MONEY, in_capitals, money
from inference.lite.invoice_parties import add_parties
from inference.lite.paper import Written

TOTALS = frozenset(("小写", "价税合计", "价税合计(小写)"))
CODE = re.compile(r"(?<!\d)\d{10}(?:\d{2})?(?!\d)")
PAPER_NUMBER = re.compile(r"(?<![A-Za-z])No\.?\s{0,4}(\d{8})(?!\d)", re.IGNORECASE)
TRAIN = re.compile(r"(?<![A-Z0-9])[GDCZTKYSL]\d{1,4}(?!\d)(?![A-Z])")
RAILWAY = re.compile(r"铁路|车票|二等座|一等座|商务座|硬座|硬卧|软卧")


def add_invoice(search: Search) -> None:
    """Adds what the labels alone do not tell: parties, totals, items, a train's number."""
    add_parties(search)
    _add_numbers(search)
    _add_totals(search)
    add_items(search)
    if RAILWAY.search("\n".join(line.plain for line in search.paper.lines)):
        _add_train(search)


def _add_numbers(search: Search) -> None:
    """Paper invoices print `No 12345678` and their code alone; twenty digits have no code."""
    for line in search.paper.lines:
        if (match := PAPER_NUMBER.search(line.text)) and not search.values("invoice_number"):
            search.add("invoice_number", match[1], line, match.span(1), label="No", valid=True)
    numbers = search.values("invoice_number")
    codes = [one for one in search.found if one.field.name == "invoice_code"]
    if any(len(number) == 20 for number in numbers):
        search.drop(codes)
    elif not codes and any(len(number) == 8 for number in numbers):
        for line in search.paper.lines:
            match = CODE.fullmatch(line.text.strip())
            if match and line.is_free(0, len(line.text)):
                search.add("invoice_code", match[0], line, (0, len(line.text)), valid=True)
                return


def _add_totals(search: Search) -> None:
    """The total with tax, the sum before it, and the tax; `valid` where they add up."""
    paper = search.paper
    if not any(hit.key in TOTALS for line in paper.lines for hit in line.hits):
        _check(search)
        return
    for row in paper.rows:
        keys = {hit.key for line in row for hit in line.hits}
        if "合计" in keys and not keys & TOTALS and not search.values("amount_without_tax"):
            amounts = [(line, match) for line in row for match in MONEY.finditer(line.text)]
            for name, (line, match) in zip(
                ("amount_without_tax", "tax_amount"), amounts, strict=False
            ):
                _drop_value(search, match[0])
                search.add(name, _signed(line, match), line, match.span(), label="合计")
        elif keys & TOTALS and not _totals(search):
            largest = max(
                ((line, match) for line in row for match in MONEY.finditer(line.text)),
                key=lambda one: money(one[1][0]) or 0,
                default=None,
            )
            if largest is not None:
                line, match = largest
                search.add("amount", _signed(line, match), line, match.span(), label="价税合计")
    wrong = [
        one for one in search.found if one.field.name == "amount" and one not in _totals(search)
    ]
    if _totals(search):
        search.drop(wrong)
    _check(search)


def _totals(search: Search) -> list[Found]:
    return [
        one
        for one in search.found
        if one.field.name == "amount"
        and any(word in one.field.label for word in ("小写", "价税合计"))
    ]


def _drop_value(search: Search, value: str) -> None:
    """Removes an amount that is the sum before tax and was taken for the total."""
    search.drop(
        [
            one
            for one in search.found
            if one.field.name == "amount"
            and money(one.field.value) == money(value)
            and one.field.label in ("", "合计", "合 计", "金额")
        ]
    )


def _signed(line: Written, match: "re.Match[str]") -> str:
    sign = line.text[match.start() - 1 : match.start()]
    return sign + match[0] if sign in ("¥", "$", "€", "£") and sign else match[0]


def _check(search: Search) -> None:
    """Sum before tax + tax = total, or the total in capital numerals, proves the amounts."""
    first = {
        name: next((one for one in search.found if one.field.name == name), None)
        for name in ("amount", "amount_without_tax", "tax_amount")
    }
    values = {name: money(one.field.value) for name, one in first.items() if one is not None}
    capitals = next(
        (made for line in search.paper.lines if (made := in_capitals(line.plain)) is not None), None
    )
    total = values.get("amount")
    verdicts: dict[str, bool] = {}
    without_tax, tax = values.get("amount_without_tax"), values.get("tax_amount")
    if total is not None and without_tax is not None and tax is not None:
        adds_up = without_tax + tax == total
        verdicts = dict.fromkeys(first, adds_up)
    if capitals is not None and total is not None:
        verdicts["amount"] = capitals == total
    for name, valid in verdicts.items():
        old = first[name]
        if old is not None:
            place = search.found.index(old)
            search.found[place] = replace(old, field=replace(old.field, valid=valid))


def _add_train(search: Search) -> None:
    for line in search.paper.lines:
        match = TRAIN.search(line.text)
        if match and not search.values("train_number") and line.is_free(*match.span()):
            search.add("train_number", match[0], line, match.span(), valid=True)
