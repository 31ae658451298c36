"""A paper's lines, prepared: normalised, with the labels found in them, and how they lie."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from inference.lite.budget import Budget
from inference.lite.field_catalog import Catalog, key
from inference.lite.field_text import is_chinese, plain
from inference.lite.reading import Line, below, beside, rows
from inference.lite.stacks import stacks
from inference.lite.text import MAX_LINE, normal

# Rows in which the neighbours of a line are looked for.
ROWS_BEFORE, ROWS_AFTER = 4, 10
MAX_SUFFIXED = 8  # Chinese characters that a label such as 时间 takes from before it
COLON = re.compile(r"[\s)\]】]{0,4}[:#]")
# Between a label and its value. `text.normal` narrows gaps to 8.
# The end of a label whose characters stand far apart, alone or before its value: 名 称：…
LABEL_END = re.compile(r"([\u3400-\u9fff])(?:$|\s{0,4}[:：])")
GAP = re.compile(r"[\s:#.()\[\]【】]{0,12}(?:(?:是|为|is\b|was\b)[\s:]{0,9})?")
NOTE = re.compile(r"\s{0,8}\([^()]{1,12}\)")


@dataclass(frozen=True, slots=True)
class Hit:
    """A label in a line. `field` is "" for a label of something that is no field."""

    start: int
    end: int
    word: str  # as written
    key: str  # as in Catalog.labels
    field: str
    rank: int


@dataclass(slots=True, eq=False)
class Written:
    """A line. `taken`: the spans of its text that are values already."""

    line: Line
    plain: str
    hits: list[Hit]
    taken: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def leads(self) -> bool:
        """Whether the line begins with a label."""
        return bool(self.hits) and self.hits[0].start <= 1

    @property
    def is_label(self) -> bool:
        """Whether the line is a label and nothing else."""
        return self.leads and not rest(self, self.hits[-1])[0].strip()

    def is_free(self, start: int, end: int) -> bool:
        return all(end <= one or other <= start for one, other in self.taken)


class Paper:
    """The lines of a paper or of typed text, in reading order."""

    def __init__(self, lines: Iterable[Line], catalog: Catalog, budget: Budget | None) -> None:
        self.catalog = catalog
        self.budget = budget
        normalised = [self._normalised(line) for line in lines]
        self.has_places = any(line.place[3] for line in normalised)
        grouped = rows(normalised) if self.has_places else [[line] for line in normalised]
        self.rows: list[list[Written]] = []
        for row in grouped:
            self.rows.append([self._written(line) for line in self._spread(row)])
        self.lines = [line for row in self.rows for line in row]
        self._of_line = {id(one.line): one for one in self.lines}
        labels = stacks([one.line for one in self.lines]) if self.has_places else ()
        self._stacked = {one.label: one.values for one in labels}
        self._in_stacks = {line for one in labels for line in (one.label, *one.values)}
        self._place_of = {id(one): place for place, row in enumerate(self.rows) for one in row}

    def check(self) -> None:
        if self.budget is not None:
            self.budget.check()

    def position(self, one: Written) -> int:
        """The number of a line's row."""
        return self._place_of[id(one)]

    def row_of(self, one: Written) -> list[Written]:
        return self.rows[self.position(one)]

    def beside(self, one: Written) -> list[Written]:
        """The lines to the right in the same row, the nearest first."""
        return self._of(beside(one.line, self._around(one))) if self.has_places else []

    def below(self, one: Written) -> list[Written]:
        """The lines below in the same columns, the nearest first."""
        return self._of(below(one.line, self._around(one))) if self.has_places else []

    def stacked(self, one: Written) -> list[Written]:
        """The lines of the value of a label that has it below."""
        values = self._stacked.get(one.line, [])
        return [other for other in self.lines if other.line in values] if values else []

    def is_stacked(self, one: Written) -> bool:
        """Whether a line is a label with its value below, or such a value."""
        return one.line in self._in_stacks

    def _around(self, one: Written) -> list[Line]:
        place = self.position(one)
        near = self.rows[max(0, place - ROWS_BEFORE) : place + ROWS_AFTER]
        return [other.line for row in near for other in row]

    def _of(self, lines: list[Line]) -> list[Written]:
        return [self._of_line[id(line)] for line in lines]

    def _spread(self, row: list[Line]) -> list[Line]:
        """The row; a label that was read as single characters (合 计) becomes one line."""
        made: list[Line] = []
        for line in row:
            last = made[-1] if made else None
            end = LABEL_END.match(line.text)
            if (
                last is not None
                and end is not None
                and is_chinese(last.text[-1:] or " ")
                and key(last.text + end[1]) in self.catalog.labels
            ):
                made[-1] = _united(last, line)
            else:
                made.append(line)
        return made

    def _normalised(self, line: Line) -> Line:
        self.check()
        return replace(line, text=normal(line.text[:MAX_LINE])[:MAX_LINE])

    def _written(self, line: Line) -> Written:
        self.check()
        text = plain(line.text)
        return Written(line, text, list(_hits(line.text, text, self.catalog)))


def _united(one: Line, two: Line) -> Line:
    left, top, _, height = one.box
    right, bottom = two.box[0] + two.box[2], max(top + height, two.box[1] + two.box[3])
    frame = one.frame
    if frame is not None:
        frame = (frame[0], frame[1], two.place[0] + two.place[2] - frame[0], frame[3])
    return Line(
        one.text + two.text,
        (left, top, right - left, bottom - top),
        min(one.confidence, two.confidence),
        frame,
    )


def _hits(text: str, searched: str, catalog: Catalog) -> Iterable[Hit]:
    end = 0
    for match in catalog.label_words.finditer(searched):
        start, stop = match.span()
        label = catalog.labels.get(re.sub(r"\s", "", match.group(0)))
        if label is None or not _is_word(searched, start, stop):
            continue
        rule = catalog.fields.get(label.field)
        if rule is not None and match.group(0) in rule.vague:
            before = searched[:start].rstrip()[-1:]  # zip code: is no error's
            is_joined = before.isalnum() and (before.isascii() or searched[start - 1] == before)
            if not COLON.match(searched, stop) or is_joined:
                continue
        if rule is not None and rule.suffix:
            while start > end and match.start() - start < MAX_SUFFIXED:
                if not is_chinese(searched[start - 1]):
                    break
                start -= 1
        written = text[start:stop].strip()
        yield Hit(start, stop, written, key(match.group(0)), label.field, label.rank)
        end = stop


def _is_word(text: str, start: int, stop: int) -> bool:
    """Latin words begin and end where the word does."""
    if text[start : start + 1].isascii() and text[start : start + 1].isalnum():
        before = text[start - 1 : start]
        if before.isascii() and before.isalnum():
            return False
    if text[stop - 1 : stop].isascii() and text[stop - 1 : stop].isalpha():
        after = text[stop : stop + 1]
        if after.isascii() and after.isalnum():
            return False
    return True


def rest(one: Written, hit: Hit) -> tuple[str, int, bool]:
    """(text after a label, where it starts, whether something separates them)."""
    text = one.text
    start = hit.end
    note = NOTE.match(text, start)
    if note and any(hit.end <= other.start < note.end() for other in one.hits if other is not hit):
        note = None
    gap = GAP.match(text, note.end() if note else start)
    begin = gap.end() if gap else start
    return text[begin:], begin, begin > start


def next_label(one: Written, start: int) -> int:
    """Where the next label begins that a space or a mark precedes; the line's end if none does."""
    for hit in one.hits:
        if hit.start > start and not one.text[hit.start - 1].isalnum():
            return hit.start
    return len(one.text)
