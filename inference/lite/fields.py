"""Finds fields in lines of text.

A value is found by its label (in the same line, beside it or above it), or without a label by its
form.
"""

import re
from collections.abc import Iterable

from inference.lite import check_digits
from inference.lite.budget import Budget
from inference.lite.field_kinds import (
    CARRIERS,
    COMPILED,
    FORM_CHECKS,
    FORMS,
    HTTP_ERROR,
    LABEL_ALONE,
    Kind,
)
from inference.lite.reading import Field, Line, rows
from inference.lite.text import MAX_LINE, lines_in, normal

MAX_FIELDS = 200  # in one text or picture


def fields_of(lines: Iterable[Line], budget: Budget | None = None) -> list[Field]:
    """The fields in a picture's lines or in text without boxes; labelled first, each value once.

    At most MAX_FIELDS; lines are searched up to MAX_LINE characters. Raises LiteError if the
    budget is spent.
    """
    lines = [
        Line(normal(line.text[:MAX_LINE])[:MAX_LINE], line.box, line.confidence) for line in lines
    ]
    found: list[Field] = []
    for row in rows(lines) if any(line.box[3] for line in lines) else [[line] for line in lines]:
        for place, line in enumerate(row):
            if budget is not None:
                budget.check()
            if len(found) < MAX_FIELDS:
                _labelled(line, row[place + 1 : place + 3], lines, found)
    compact = [_compact(other.value) for other in found]
    for line in lines:
        if budget is not None:
            budget.check()
        if len(found) < MAX_FIELDS:
            _formed(line, found, compact)
    return sorted(found, key=_rank)


def _rank(field: Field) -> int:
    """Sorts amounts without a currency sign behind the total, which has one."""
    return 1 if field.name == "amount" and field.value[0] not in "¥$€£" else 0


def fields_in(text: str, budget: Budget | None = None) -> list[Field]:
    """The fields in typed text."""
    return fields_of([Line(part) for part in lines_in(text)], budget)


def _below(line: Line, lines: list[Line]) -> list[Line]:
    """The nearest line below in the same columns, if any: tables put values under labels."""
    left, top, width, height = line.box
    if not height:
        return []
    under = [
        other
        for other in lines
        if top + height * 0.5 < other.box[1] <= top + height * 3.2
        and other.box[0] < left + width
        and left < other.box[0] + other.box[2]
    ]
    return sorted(under, key=lambda other: other.box[1])[:1]


def _labelled(line: Line, beside: list[Line], lines: list[Line], found: list[Field]) -> None:
    for kind, inline, alone, value in COMPILED:
        match = inline.search(line.text)
        if match and _add(kind.name, match.group("value"), line, kind, found):
            continue
        if alone.search(line.text):
            for other in [*beside, *_below(line, lines)]:
                match = value.match(other.text.lstrip())
                if match and _add(kind.name, match.group(0), other, kind, found):
                    break


def _add(name: str, value: str, line: Line, kind: Kind | None, found: list[Field]) -> bool:
    value = re.sub(r"\s+", "", value) if kind is None or kind.strip_spaces else value.strip()
    checked = kind is not None and kind.name in ("order_number", "waybill_number", "error_code")
    if checked and not kind.check(value):  # type: ignore[union-attr,misc]
        return False
    if LABEL_ALONE.fullmatch(value):
        return False
    if any(other.value == value for other in found) or (
        name == "error_code" and _part_of_other(value, found)
    ):
        return True
    check = kind.check if kind is not None else FORM_CHECKS.get(name)
    if name == "tax_number" and len(value) == 18:
        check = check_digits.is_credit_code
    valid = check(value) if check is not None else None
    found.append(Field(name, value, line.box, line.confidence, valid))
    return True


def _part_of_other(value: str, found: list[Field]) -> bool:
    return any(
        value in other.value for other in found if other.name in ("error_code", "order_number")
    )


def _formed(line: Line, found: list[Field], compact: list[str]) -> None:
    """Adds codes that need no label. `compact` holds the values found so far, by _compact."""
    for name, pattern in FORMS:
        for match in pattern.finditer(line.text):
            value = match.group(0).strip()
            if name == "error_code" and HTTP_ERROR.fullmatch(value):
                value = f"HTTP ERROR {value[-3:]}"
            key = _compact(value)
            if any(key in other for other in compact) or len(found) >= MAX_FIELDS:
                continue
            check = FORM_CHECKS.get(name)
            kept = re.sub(r"[ -]", "", value) if name == "phone" else value
            found.append(
                Field(name, kept, line.box, line.confidence, check(kept) if check else None)
            )
            compact.append(_compact(kept))
    if not any(field.name == "carrier" for field in found) and (
        carrier := CARRIERS.search(line.text)
    ):
        found.append(Field("carrier", carrier.group(0), line.box, line.confidence))
        compact.append(_compact(carrier.group(0)))


def _compact(value: str) -> str:
    return re.sub(r"[\s¥¥]", "", value)
