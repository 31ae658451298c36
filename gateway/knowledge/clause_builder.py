"""Makes clauses of a document: a numbered heading or paragraph with its text up to the next one, a
question with its answer, else a section under its heading.

The rules in prose are in docs/knowledge.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from gateway.knowledge.clauses import CJK, CUSTOMER, Clause
from gateway.knowledge.sources.document import Document, Front, Heading, Line, Pair
from gateway.knowledge.sources.numbering import (
    Numbered,
    Rank,
    clause_start,
    next_clause,
    read_number,
)
from gateway.knowledge.sources.question_pairs import with_pairs, without_mark
from gateway.knowledge.translations import pair_of

MAX_CLAUSE_CHARS = 1500
MAX_MARKED_CHARS = 2000  # a longer line begins no clause
MAX_NAME_CHARS = 24  # of a heading that no markup shows; a character above U+2E80 counts twice
MAX_LOOKAHEAD = 40  # lines
# Items of a list that are shorter on average are steps or a list of words, and stay together.
MIN_ITEM_CHARS = 12
MAX_TITLE_CHARS = 200
LIST_FOLLOWS = (":", "：")
SENTENCE_ENDS = tuple("。.；;！!？?，,：:")


@dataclass(slots=True)
class _Section:
    """`list_rank`: items of this rank and below belong to the text."""

    number: str = ""
    name: str = ""
    rank: Rank | None = None
    place: str = ""
    lines: list[Line] = field(default_factory=list)
    list_rank: Rank | None = None

    @property
    def last(self) -> str:
        """The last line that is not blank."""
        return next((line.text for line in reversed(self.lines) if line.text.strip()), "")


class _Builder:
    def __init__(self, document: Document, path: str) -> None:
        self._front = document.front
        self._path = path
        # Only Markdown goes without its ending: `a.md` and `a.docx` are two documents.
        self._id = path[:-3] if path.lower().endswith(".md") else path
        self._blocks = with_pairs(document.blocks)
        titles = (
            without_mark(block.text)
            for block in self._blocks
            if isinstance(block, Heading) and block.level == 1
        )
        self._title = document.front.title or next(titles, "") or PurePath(path).stem
        self._title = self._title[:MAX_TITLE_CHARS]
        self._section = _Section()
        self._heading = ""
        # The numbered headings without markup that the present line lies under: (depth, name).
        self._above: list[tuple[tuple[Rank, int], str]] = []
        self._clauses: list[Clause] = []

    def build(self) -> list[Clause]:
        for at, block in enumerate(self._blocks):
            if isinstance(block, Heading):
                self._open_heading(block)
            elif isinstance(block, Pair):
                self._flush()
                self._add_pair(block)
            elif block.is_literal or not self._open_paragraph(at, block):
                self._section.lines.append(block)
        self._flush()
        return _unique(self._clauses)

    def _open_heading(self, block: Heading) -> None:
        self._flush()
        found = read_number(block.text)
        name = found.rest.strip("*_ ") if found else without_mark(block.text).strip("*_ ")
        name = "" if block.level == 1 or name == self._title else name[:MAX_TITLE_CHARS]
        rank = found.rank if found else None
        if rank is Rank.ITEM:
            rank = Rank.PART  # a heading's "1、" is no item of a list
        number = found.number if found else ""
        self._heading, self._above = name, []
        self._section = _Section(number, name, rank, block.place)

    def _open_paragraph(self, at: int, line: Line) -> bool:
        """Begins a clause where the line does. False where it is text of the present one."""
        if len(line.text) > MAX_MARKED_CHARS:
            return False
        found = clause_start(line.text) or next_clause(line.text, self._section.number)
        if found is None or self._is_of_a_list(at, found):
            return False
        self._flush()
        depth = (found.rank, found.number.count("."))
        while self._above and self._above[-1][0] >= depth:
            self._above.pop()
        if self._is_heading(at, found):
            self._above.append((depth, found.rest))
            self._section = _Section(found.number, found.rest, found.rank, line.place)
        else:
            above = self._above[-1][1] if self._above else self._heading
            lines = [replace(line, text=found.rest)] if found.rest else []
            self._section = _Section(found.number, above, found.rank, line.place, lines)
        return True

    def _is_of_a_list(self, at: int, found: Numbered) -> bool:
        """Whether `一、`, `（一）` or `1、` is an item in the text of the present clause."""
        section = self._section
        if found.rank in (Rank.CHAPTER, Rank.CLAUSE):
            return False
        if section.list_rank is not None and found.rank >= section.list_rank:
            return True
        is_first = section.rank is None or section.rank < found.rank
        if (
            (is_first and section.last.rstrip().endswith(LIST_FOLLOWS))
            or (section.rank is Rank.CLAUSE and found.rank is not Rank.PART)
            or (is_first and section.rank is not None and section.last)
            or (
                (is_first or section.rank is Rank.CLAUSE)
                and not self._is_heading(at, found)
                and (section.rank is Rank.CLAUSE or self._is_of_steps(at, found.rank))
            )
        ):
            section.list_rank = found.rank
            return True
        return False

    def _is_of_steps(self, at: int, rank: Rank) -> bool:
        """Whether the items that begin here are short and no sentences."""
        items = []
        for block in self._blocks[at : at + MAX_LOOKAHEAD]:
            if not isinstance(block, Line):
                break
            found = clause_start(block.text[:MAX_MARKED_CHARS])
            if found is not None and found.rank == rank:
                items.append(found)
            elif found is not None and found.rank < rank:
                break
        size = sum(len(item.rest) for item in items)
        return all(item.is_short for item in items) and size < MIN_ITEM_CHARS * len(items)

    def _is_heading(self, at: int, found: Numbered) -> bool:
        """Whether a numbered line without markup is a heading: short, without a sentence, and text
        or a number of a lower rank follows."""
        columns = sum(2 if character > "\u2e7f" else 1 for character in found.rest)
        if (
            not found.rest
            or not found.is_short
            or columns > 2 * MAX_NAME_CHARS
            or found.rest.endswith(SENTENCE_ENDS)
        ):
            return False
        for block in self._blocks[at + 1 : at + 1 + MAX_LOOKAHEAD]:
            if not isinstance(block, Line):
                return isinstance(block, Pair)
            if block.text.strip():
                below = None if block.is_literal else clause_start(block.text[:MAX_MARKED_CHARS])
                return below is None or below.rank > found.rank
        return False

    def _flush(self) -> None:
        section, self._section = self._section, _Section(name=self._heading)
        for at, (place, text) in enumerate(_windows(section.lines)):
            place = place if at or not section.place else section.place
            self._add(section.number, section.name, text, place, self._front)

    def _add_pair(self, pair: Pair) -> None:
        front = pair.front or self._front
        for place, answer in _windows([Line(pair.answer, pair.place)]):
            self._add(pair.number, pair.question, answer, place, self._inherited(front))

    def _inherited(self, front: Front) -> Front:
        """A row's declaration over the document's: what it leaves out is the document's."""
        whole = self._front
        return Front(
            front.title or whole.title,
            front.effective or whole.effective,
            front.expires or whole.expires,
            whole.audience if front.audience == CUSTOMER else front.audience,
            front.is_wrong or whole.is_wrong,
        )

    def _add(self, number: str, name: str, text: str, place: str, front: Front) -> None:
        if front.is_wrong:
            return
        document = front.title[:MAX_TITLE_CHARS] or self._title
        name = " ".join(name.split())[:MAX_TITLE_CHARS]
        title = f"{document} · {name}" if name and name != document else document
        self._clauses.append(
            Clause(
                f"{self._id}#{number or name or 'text'}",
                *(title, number, text),
                "zh" if CJK.search(text + title) else "en",
                self._path,
                *(front.effective, front.expires, front.audience),
                pair_of(self._path, number),
                place,
            )
        )


def clauses_of(document: Document, path: str) -> list[Clause]:
    """The clauses of one document, in order. `path` is relative to the knowledge folder."""
    return _Builder(document, path).build()


def _windows(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """(place, text) of pieces of about MAX_CLAUSE_CHARS, cut between paragraphs or rows where
    possible. A cut table's header is repeated."""
    made: list[tuple[str, str]] = []
    current: list[str] = []
    size, place = 0, ""

    def close() -> None:
        text = "\n".join(current).strip()
        if text:
            made.append((place, text))
        current.clear()

    for line in lines:
        for text in _pieces(line.text):
            if current and size + len(text) > MAX_CLAUSE_CHARS and _may_end(current, size, line):
                close()
                size, place = 0, ""
                if line.header:
                    current.append(line.header)
            current.append(text)
            size += len(text) + 1
            place = place or (line.place if text.strip() else "")
    close()
    return made


def _may_end(current: list[str], size: int, line: Line) -> bool:
    return bool(line.header) or not current[-1].strip() or size > MAX_CLAUSE_CHARS


def _pieces(text: str) -> list[str]:
    """A long line in pieces."""
    if len(text) <= 2 * MAX_CLAUSE_CHARS:
        return [text]
    return [
        text[start : start + MAX_CLAUSE_CHARS] for start in range(0, len(text), MAX_CLAUSE_CHARS)
    ]


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
