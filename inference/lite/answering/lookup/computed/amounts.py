"""The amounts of a picture with their labels, as numbers of one currency."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from inference.lite.answering.facts import DOUBTED
from inference.lite.answering.markdown import plain
from inference.lite.answering.pairs import pairs_of
from inference.lite.budget import Budget
from inference.lite.reading import Reading

AMOUNT = re.compile(
    r"(?P<sign>[-+−]?)\s?(?P<mark>[¥￥$€£]|RMB|CNY|人民币)?\s?(?P<inner>[-+−]?)"
    r"(?P<number>(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,9})(?:\.\d{1,2})?)\s?(?P<yuan>元?)"
)
MINUS = "-−"
CHINESE = "¥￥"


@dataclass(frozen=True, slots=True)
class Amount:
    """`currency` is a mark, "" where none is printed."""

    label: str
    shown: str
    value: Decimal
    currency: str

    @property
    def named(self) -> str:
        return f"{plain(self.label)} {plain(self.shown)}"


def amounts_of(reading: Reading, budget: Budget) -> list[Amount]:
    """Those that stand behind a label, from top to bottom, each once."""
    made = [
        amount
        for one in pairs_of(reading, budget)
        if one.line.confidence >= DOUBTED and (amount := amount_in(one.label, one.value))
    ]
    return list(dict.fromkeys(made))


def amount_in(label: str, text: str) -> Amount | None:
    """The amount that a text is."""
    match = AMOUNT.fullmatch(text.strip())
    if match is None or not ("." in text or match["mark"] or match["yuan"]):
        return None
    value = Decimal(match["number"].replace(",", ""))
    is_minus = match["sign"] in tuple(MINUS) or match["inner"] in tuple(MINUS)
    mark = "¥" if match["yuan"] or match["mark"] not in ("$", "€", "£", None) else match["mark"]
    return Amount(label.strip(" :："), text.strip(), -value if is_minus else value, mark or "")


def same_currency(amounts: Iterable[Amount]) -> bool:
    return len({one.currency for one in amounts if one.currency}) < 2


def money_text(value: Decimal, amounts: Iterable[Amount]) -> str:
    """With the mark of the amounts, if they have one."""
    mark = next((one.currency for one in amounts if one.currency), "")
    return f"{mark}{value:,.2f}"
