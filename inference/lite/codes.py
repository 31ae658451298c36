"""What QR codes and barcodes say, and whether the OCR agrees."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from inference.lite.carriers import numbers_in
from inference.lite.field_catalog import Catalog
from inference.lite.field_search import Found, Search
from inference.lite.invoice_money import same_money
from inference.lite.paper import Written
from inference.lite.reading import Code, Field, Line

MAX_CODES = 50
MAX_TEXT = 2_000  # characters of one code that are looked at
MAX_NUMBER_TEXT = 500  # characters in which a waybill number is looked for
CONFIRMED, ALONE, OVERRULED = 1.0, 0.98, 0.9  # confidence: as OCR says, no OCR, against the OCR
BEFORE_TAX = frozenset(("01", "04", "10", "08", "11"))  # invoice types whose QR has no tax
GOODS = ("EAN", "UPC", "ISBN", "DataBar")
AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Said:
    """What a code says: an invoice's fields, or a carrier's number."""

    code: Code
    invoice: dict[str, str]
    number: str | None


def said_by(codes: Iterable[Code], search: Search) -> list[Said]:
    """What each of the first MAX_CODES codes says; codes with the same text count once."""
    once = {code.text: code for code in reversed(list(codes)[:MAX_CODES])}
    made = []
    for code in once.values():
        search.paper.check()
        values = invoice_values(code.text[:MAX_TEXT].strip())
        number = None if values else waybill_in(code, search.named, search.paper.catalog)
        made.append(Said(code, values, number))
    return made


def add_codes(search: Search, codes: Iterable[Said]) -> None:
    """Confirms or corrects the fields by the picture's codes."""
    for said in codes:
        search.paper.check()
        text = said.code.text[:MAX_TEXT].strip()
        for name, value in said.invoice.items():
            _decide(search, name, value, said.code)
        if said.number is not None:
            _decide(search, "waybill_number", said.number, said.code)
        elif not said.invoice and text.lower().startswith(("http://", "https://")):
            search.add("url", text, _line_of(said.code), (0, 0))


def invoice_values(text: str) -> dict[str, str]:
    """The fields in the QR code of a Chinese invoice; empty for another code.

    `01,type,code,number,amount,date,check,…`: the amount is before tax on types 01, 04 and 10, and
    with tax on the full-digital ones (31, 32, 51).
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 6 or parts[0] != "01" or not re.fullmatch(r"\d{2}", parts[1]):
        return {}
    _, kind, code, number, amount, day = parts[:6]
    values = {}
    if re.fullmatch(r"\d{10}|\d{12}", code):
        values["invoice_code"] = code
    if re.fullmatch(r"\d{8}|\d{20}", number):
        values["invoice_number"] = number
    if AMOUNT.fullmatch(amount):
        values["amount_without_tax" if kind in BEFORE_TAX else "amount"] = amount
    if re.fullmatch(r"20\d{6}", day):
        values["date"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return values if "invoice_number" in values else {}


def waybill_in(code: Code, named: frozenset[str], catalog: Catalog) -> str | None:
    """A carrier's number that the code is, or that its text holds. Goods' codes hold none."""
    if code.format.startswith(GOODS):
        return None
    numbers = numbers_in(code.text[:MAX_NUMBER_TEXT].strip(), named, catalog, ocr=False)
    return next((number.value for number in numbers if number.valid is not False), None)


def _decide(search: Search, name: str, value: str, code: Code) -> None:
    """The code's value takes the place of what the OCR read for this field."""
    said = [one for one in search.found if one.field.name == name]
    agreeing = [one for one in said if _same(name, one.field.value, value)]
    if agreeing:
        _replace(search, agreeing[0], agreeing[0].field.value, CONFIRMED)
        if name in ("waybill_number", "date"):
            return
        search.drop([one for one in said if one is not agreeing[0]])
        return
    rivals = [one for one in said if name != "waybill_number" or _near(one.field.value, value)]
    if name == "date":
        rivals = [one for one in said if one.field.label.startswith("开票")]
    if rivals:
        _replace(search, rivals[0], value, OVERRULED)
        search.drop(
            [
                one
                for one in search.found
                if any(one.line is r.line and one.field is r.field for r in rivals[1:])
            ]
        )
        return
    field = Field(name, value, code.box, ALONE, True, code.format)
    search.found.insert(0, Found(field, _line_of(code), -1))


def _replace(search: Search, old: Found, value: str, confidence: float) -> None:
    place = next(i for i, one in enumerate(search.found) if one is old)
    made = replace(old.field, value=value, confidence=confidence, valid=True)
    search.found[place] = replace(old, field=made, rank=-1)


def _same(name: str, read: str, coded: str) -> bool:
    if name in ("amount", "amount_without_tax"):
        return same_money(read, coded)
    if name == "date":
        return [int(part) for part in re.findall(r"\d+", read)[:3]] == [
            int(part) for part in coded.split("-")
        ]
    return read == coded


def _near(read: str, coded: str) -> bool:
    """Whether a misread of the coded number: as long, most characters the same."""
    same = sum(one == two for one, two in zip(read, coded, strict=False))
    return abs(len(read) - len(coded)) <= 2 and same * 2 >= len(coded)


def _line_of(code: Code) -> Written:
    return Written(Line(code.text[:MAX_TEXT], code.box), "", [])
