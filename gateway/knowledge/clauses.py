"""Clauses from Markdown: a numbered heading or paragraph with its text up to the next one.

What counts as a clause is in docs/knowledge.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath
from typing import Any

from gateway.knowledge.clause_numbers import split_number
from gateway.knowledge.markdown_sections import PARAGRAPH, Section, read_document
from gateway.knowledge.translations import pair_of

CJK = re.compile(r"[\u2e80-\u9fff]")
MAX_CLAUSE_CHARS = 1500


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


def parse(markdown: str, path: str) -> list[Clause]:
    """The clauses of one document, in order. `path` is relative to the knowledge folder."""
    declared, sections = read_document(markdown)
    document = declared or next(
        (section.heading for section in sections if section.level == 1), PurePath(path).stem
    )
    clauses: list[Clause] = []
    for section in sections:
        clauses += _clauses_of(section, document, path)
    return _unique(clauses)


def _clauses_of(section: Section, document: str, path: str) -> list[Clause]:
    number, name = split_number(section.heading)
    lines = section.lines
    if section.level == PARAGRAPH:
        number, first = split_number(lines[0])
        lines = [first, *lines[1:]]
    text = "\n".join(lines).strip()
    if not text:
        return []
    title = (
        document if not name or name == document or section.level == 1 else f"{document} · {name}"
    )
    locale = "zh" if CJK.search(text + title) else "en"
    stem = str(PurePath(path).with_suffix(""))
    return [
        Clause(
            f"{stem}#{number or name or 'text'}",
            *(title, number, window, locale, path),
            pair=pair_of(path, number),
        )
        for window in _windows(text)
    ]


def _windows(text: str) -> list[str]:
    """Long text in pieces of about MAX_CLAUSE_CHARS, cut between paragraphs where possible."""
    windows, current = [], ""
    for paragraph in re.split(r"(?<=\n)\n+", text):
        if current and len(current) + len(paragraph) > MAX_CLAUSE_CHARS:
            windows.append(current.strip())
            current = ""
        current += paragraph + "\n"
        start = 0
        while len(current) - start > 2 * MAX_CLAUSE_CHARS:
            windows.append(current[start : start + MAX_CLAUSE_CHARS])
            start += MAX_CLAUSE_CHARS
        current = current[start:]
    return [window for window in [*windows, current.strip()] if window]


def _unique(clauses: list[Clause]) -> list[Clause]:
    seen: dict[str, int] = {}
    made = []
    for clause in clauses:
        seen[clause.id] = count = seen.get(clause.id, 0) + 1
        if count > 1:
            pair = clause.pair and f"{clause.pair}~{count}"
            clause = replace(clause, id=f"{clause.id}~{count}", pair=pair)
        made.append(clause)
    return made
