"""Finds fields in lines of text.

A value is found by its label (in the same line, beside it or below it), or without a label by its
form. The rules are in fields.yaml (field_store.py).
"""

from collections.abc import Iterable
from contextlib import suppress

from inference.lite import field_store
from inference.lite.budget import Budget
from inference.lite.codes import add_codes, said_by
from inference.lite.errors import LiteError
from inference.lite.field_search import MAX_FIELDS, Found, Search, named_carriers
from inference.lite.invoices import add_invoice
from inference.lite.kinds import kind_of
from inference.lite.paper import Paper
from inference.lite.reading import Code, Field, Line
from inference.lite.screens import add_error, add_numbers_after_labels, add_payment, add_state
from inference.lite.text import lines_in
from inference.lite.tracking import add_events

__all__ = ["MAX_FIELDS", "fields_in", "fields_of", "fields_within", "read_fields"]
MAX_LINES = 20_000  # of one picture or document


def read_fields(
    lines: Iterable[Line],
    codes: Iterable[Code] = (),
    budget: Budget | None = None,
    *,
    ocr: bool = True,
) -> tuple[str, list[Field]]:
    """(kind of paper, fields) of a picture's lines and codes; the fields that matter first.

    At most MAX_FIELDS; MAX_LINES are searched, each up to MAX_LINE characters. `ocr` False: the
    text is exact, so nothing in it is repaired. Raises LiteError if the budget is spent.
    """
    search = _search(list(lines)[:MAX_LINES], budget, ocr=ocr)
    kind = _find(search, codes)
    return kind, _sorted(search, kind)


def fields_within(
    lines: Iterable[Line], codes: Iterable[Code], budget: Budget
) -> tuple[str, list[Field]]:
    """(kind, fields) of a picture as `read_fields` finds them. Where the budget is spent before the
    end: "other" and the fields found so far."""
    kind, search = "other", None
    with suppress(LiteError):
        search = _search(list(lines)[:MAX_LINES], budget, ocr=True)
        kind = _find(search, codes)
    return kind, _sorted(search, kind) if search is not None else []


def fields_of(lines: Iterable[Line], budget: Budget | None = None) -> list[Field]:
    """The fields in a picture's lines, or in text without boxes."""
    return read_fields(lines, (), budget)[1]


def fields_in(text: str, budget: Budget | None = None) -> list[Field]:
    """The fields in typed text. Nothing in it is an OCR's misreading."""
    search = _search([Line(part) for part in lines_in(text)], budget, ocr=False)
    search.labelled()
    search.formed(None)
    return _sorted(search, "other")


def _find(search: Search, codes: Iterable[Code]) -> str:
    """Finds all fields. Returns the kind of paper."""
    search.labelled()
    search.formed(None)
    said = said_by(codes, search)
    kind = kind_of(search, said)
    search.formed(kind)
    if kind == "invoice":
        add_invoice(search)
    if kind == "payment" or (kind == "order" and not search.values("amount")):
        add_payment(search)
    if kind == "error":
        add_error(search)
    if kind in ("waybill", "order"):
        add_events(search)
    if kind == "waybill":
        search.drop([one for one in search.found if _is_bare_date(one)])
    if kind == "chat":
        add_numbers_after_labels(search)
    if kind in ("waybill", "order", "payment"):
        add_state(search)
    add_codes(search, said)
    return kind


def _search(lines: list[Line], budget: Budget | None, *, ocr: bool) -> Search:
    paper = Paper(lines, field_store.catalog(), budget)
    return Search(paper, ocr, _named(paper))


def _named(paper: Paper) -> frozenset[str]:
    """The carriers that the paper names."""
    named: set[str] = set()
    for line in paper.lines:
        paper.check()
        named.update(carrier for _, _, carrier in named_carriers(line.plain, paper))
        if len(named) == len(paper.catalog.carriers):
            break
    return frozenset(named)


def _is_bare_date(one: Found) -> bool:
    """A date without a label on a waybill is when it was printed or scanned: nothing to rely on."""
    return one.field.name == "date" and not one.field.label


def _sorted(search: Search, kind: str) -> list[Field]:
    """By what matters on this kind, then labelled before unlabelled, then as found."""
    rule = search.paper.catalog.kinds.get(kind)
    order = {name: place for place, name in enumerate(rule.fields if rule else ())}

    def rank(one: Found) -> tuple[int, int, int]:
        ranked = one.field.name == "amount"
        return (
            order.get(one.field.name, len(order)),
            one.rank if ranked or one.rank < 0 else 0,
            # An amount without a currency sign is behind the total, which has one.
            int(ranked and one.field.value[:1].isdigit()),
        )

    return [one.field for one in sorted(search.found, key=rank)]
