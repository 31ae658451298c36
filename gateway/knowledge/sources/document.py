"""What every file type is turned into before clauses are made of it: blocks in reading order."""

import time
from dataclasses import dataclass, field
from datetime import date

from gateway.knowledge.clauses import CUSTOMER

MAX_CHARS = 16 * 1024 * 1024  # of one document
CHECK_EVERY = 64  # blocks: asking for the time takes as long as adding one
MAX_PROBLEMS = 20  # of one document


@dataclass(frozen=True, slots=True)
class Front:
    """What a file, or a row of a sheet, declares of itself. `is_wrong`: a date cannot be read, and
    so nobody knows whether the text holds today."""

    title: str = ""
    effective: date | None = None
    expires: date | None = None
    audience: str = CUSTOMER
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 is the document's title
    text: str
    place: str = ""  # "line 12", "page 3", "sheet 价格, row 7"


@dataclass(frozen=True, slots=True)
class Line:
    """One line or paragraph as written; "" for a blank one. `is_literal`: numbers in it begin no
    clause. `header`: of a table's row, the lines to repeat where the table is cut before it."""

    text: str
    place: str = ""
    is_literal: bool = False
    header: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question with its answer, of a list or of a row of a table."""

    question: str
    answer: str
    place: str = ""
    number: str = ""
    front: Front | None = None  # None: the document's


Block = Heading | Line | Pair


class Exhausted(Exception):
    """The time or size that one document is given is used up. The message says which."""


@dataclass(slots=True)
class Document:
    """`until`: the process's CPU seconds at which reading stops. What was read by then counts."""

    until: float = float("inf")
    front: Front = field(default_factory=Front)
    blocks: list[Block] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    place: str = ""  # where reading is now
    scanned: list[int] = field(default_factory=list)  # pages without text, 1 first
    size: int = 0  # characters
    _was_blank: bool = False

    def add(self, block: Block) -> None:
        """Of blank lines one after the other the first counts. Raises Exhausted."""
        is_blank = isinstance(block, Line) and not block.text and not block.is_literal
        if is_blank and self._was_blank:
            return
        self._was_blank = is_blank
        self.blocks.append(block)
        self.place = block.place or self.place
        self.size += len(block.answer) if isinstance(block, Pair) else len(block.text)
        if self.size > MAX_CHARS:
            raise Exhausted(f"more than {MAX_CHARS} characters")
        if not len(self.blocks) % CHECK_EVERY:
            self.check()

    def check(self) -> None:
        """Raises Exhausted."""
        if time.process_time() > self.until:
            raise Exhausted("it takes longer than one file is given")

    def report(self, problem: str) -> None:
        """Names a problem, of which the first MAX_PROBLEMS are kept."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append("more problems of this file are not listed")
