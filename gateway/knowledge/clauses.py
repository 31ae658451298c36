"""A clause: one quotable piece of the knowledge folder."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

CJK = re.compile(r"[\u2e80-\u9fff]")


CUSTOMER, STAFF = "customer", "staff"


@dataclass(frozen=True, slots=True)
class Clause:
    """One quotable piece of a document. `text` is as written; only the index normalises it."""

    id: str
    title: str  # the document's, then the clause's own if it has one: "售后服务政策 · 退货流程"
    clause: str  # the number as people cite it, "3.2" or "第七条"; "" if the text has none
    text: str
    locale: str  # zh or en
    source: str  # relative to the knowledge folder
    effective: date | None = None  # the first day on which it is used
    expires: date | None = None  # the last day on which it is used
    audience: str = CUSTOMER  # or STAFF: never shown to customers
    pair: str = ""  # shared by a clause and its translations; "" outside of language folders
    place: str = ""  # where it begins in `source`: "line 12", "page 3", "sheet 价格, row 7"

    def row(self) -> tuple[str, ...]:
        """The fields in order, as the index stores them."""
        return (
            *(self.id, self.title, self.clause, self.text, self.locale, self.source),
            self.effective.isoformat() if self.effective else "",
            self.expires.isoformat() if self.expires else "",
            *(self.audience, self.pair, self.place),
        )

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> "Clause":
        """The clause whose `row` it is."""
        days = [date.fromisoformat(day) if day else None for day in row[6:8]]
        return cls(*row[:6], *days, *row[8:])

    def serves(self, audience: str, day: date) -> bool:
        """Whether it may be shown on `day` to a customer, or to staff."""
        return (
            (self.audience == CUSTOMER or audience == STAFF)
            and (self.effective is None or self.effective <= day)
            and (self.expires is None or day <= self.expires)
        )
