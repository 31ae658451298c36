"""Tables of every file type. One whose header names a question and an answer gives a pair a row;
any other stays text, and its header is repeated where it is cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.knowledge.sources.document import Document, Line, Pair
from gateway.knowledge.sources.front import NAMES, declared, plain

MAX_COLUMNS = 200
# Rows above the header, such as a sheet's title.
MAX_ROWS_ABOVE = 5
COLUMNS = {
    **NAMES,
    **dict.fromkeys(
        ("question", "questions", "q", "faq", "问题", "问", "提问", "标准问", "标准问题"),
        "question",
    ),
    **dict.fromkeys(
        ("answer", "answers", "a", "reply", "答案", "答", "回答", "回复", "解答", "标准答案"),
        "answer",
    ),
    **dict.fromkeys(("number", "no", "no.", "clause", "编号", "条款", "条款号"), "number"),
}

Cell = str | date | datetime


@dataclass(frozen=True, slots=True)
class Header:
    """Which column holds what."""

    columns: dict[str, int]
    names: Sequence[Cell]

    @property
    def is_of_pairs(self) -> bool:
        return "question" in self.columns and "answer" in self.columns


def header_of(row: Sequence[Cell]) -> Header:
    """Each name's first column counts. "问题（必填）" is 问题."""
    columns: dict[str, int] = {}
    for number, cell in enumerate(row[:MAX_COLUMNS]):
        name = plain(str(cell)).partition("(")[0].strip(" *:")
        if name in COLUMNS:
            columns.setdefault(COLUMNS[name], number)
    return Header(columns, row)


def add_pair(document: Document, header: Header, row: Sequence[Cell], place: str) -> None:
    """A row of a table of questions; one without a question or an answer is named."""
    values = {
        name: row[column] if column < len(row) else "" for name, column in header.columns.items()
    }
    question, answer = (as_text(values.pop(name)).strip() for name in ("question", "answer"))
    if not question and not answer:
        return
    if not question or not answer:
        document.report(f"{place}: has no {'answer' if question else 'question'}; it is left out")
        return
    number = as_text(values.pop("number", "")).strip()
    if number.isdigit():  # the row's, which is no clause's
        number = ""
    if not plain(as_text(values.get("audience", ""))):  # a row that declares none
        values.pop("audience", None)
    front = None
    if values:
        front, problems = declared((name, value, place) for name, value in values.items())
        for problem in problems:
            document.report(problem)
    document.add(Pair(question, answer, place, number, front))


def add_table(
    document: Document,
    rows: Sequence[Sequence[Cell]],
    places: Sequence[str],
    source: Sequence[str] = (),
) -> None:
    """A whole table. `source`: its lines as written, header, rule and rows; without it the table is
    written as Markdown."""
    for number, row in enumerate(rows[:MAX_ROWS_ABOVE]):
        header = header_of(row)
        if header.is_of_pairs:
            for below, place in zip(rows[number + 1 :], places[number + 1 :], strict=True):
                add_pair(document, header, below, place)
            return
    lines = source or as_markdown(rows)
    head = "\n".join(lines[:2])
    for line, place in zip(lines, [places[0], *places] if places else [], strict=True):
        document.add(Line(line, place, is_literal=True, header=head))
    document.add(Line(""))


def as_markdown(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Header, rule and rows; [] without rows."""
    if not rows:
        return []
    width = max(len(row) for row in rows)
    lines = [
        "| "
        + " | ".join(as_text(cell).strip().replace("|", "\\|").replace("\n", " ") for cell in row)
        + " |" * (1 + width - len(row))
        for row in rows
    ]
    return [lines[0], "|" + " --- |" * width, *lines[1:]]


def as_text(cell: Cell) -> str:
    """A day without the time that a sheet adds to it."""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes").removesuffix(" 00:00")
    return cell.isoformat() if isinstance(cell, date) else cell
