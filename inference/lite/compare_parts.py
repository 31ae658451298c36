"""The parts of a document that are compared: sentences of its paragraphs, and rows of its tables.

Where a line or a page ends makes no difference: rows are joined to paragraphs first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inference.lite.budget import Budget
from inference.lite.errors import LiteError
from inference.lite.reading import Line, Reading, rows
from inference.lite.text import normal

MAX_ROWS = 1_500  # of one document
MAX_ROW = 2_000  # characters
COLUMN_GAP = 1.5  # heights of a line: so far apart are columns, not words
SHORT_OF = 2.5  # heights that a line may end before the margin and still be full
INDENT = 1.2  # heights
LONGEST_WORD = 40  # characters
TITLE = 1.3  # how much higher a line of another size is
NUMERALS = "零〇一二两三四五六七八九十百千"
LABEL = re.compile(
    rf"(第[{NUMERALS}\d]{{1,8}}[条章节款项]|[{NUMERALS}]{{1,4}}[、.](?!\d)"
    rf"|\([{NUMERALS}\d]{{1,4}}\)|\d{{1,2}}[、.)](?!\d)"
    r"|\d{1,2}(?:\.\d{1,2}){1,3}(?=\s{1,8}[^\s\d元天日月年%])"
    r"|(?:Article|Section|Clause)\s\d{1,4}(?:\.\d{1,3}){0,3})"
)
SENTENCE = re.compile(r"[^。;!?；！？]{0,2000}(?:[。;!?；！？]{1,5}|$)|[^。;!?；！？]{2000}")
NUMBER = re.compile(r"[\d.,]")
CJK = re.compile(r"[\u2e80-\u9fff]")
CERTAIN = 0.999  # the most that a line of OCR may be trusted: some say 1.0
LETTER = re.compile(r"[A-Za-z0-9,.;:]")


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence, or a row of a table. `label`: the number of its clause, if it begins with one.
    `place`: where it stands, for people. `paragraph`: its number. `confidence`: of its worst line;
    1.0: it was not read by OCR."""

    text: str
    label: str
    place: str
    paragraph: int
    confidence: float
    cells: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()  # of the table's columns

    @property
    def key(self) -> str:
        """Equal for parts that say the same: without spaces and the clause's number."""
        return "".join((self.text or self.label).split())


@dataclass(slots=True)
class _Row:
    """Lines beside each other."""

    lines: list[Line]
    is_table: bool = False

    @property
    def left(self) -> float:
        return self.lines[0].place[0]

    @property
    def right(self) -> float:
        return max(line.place[0] + line.place[2] for line in self.lines)

    @property
    def height(self) -> float:
        return max(line.place[3] for line in self.lines)

    @property
    def text(self) -> str:
        return _normal(" ".join(line.text for line in self.lines))

    @property
    def confidence(self) -> float:
        return min(line.confidence for line in self.lines)


@dataclass(slots=True)
class _Paragraph:
    text: str
    confidence: float
    cells: tuple[str, ...] = ()


def parts_of(pages: Sequence[Reading], budget: Budget) -> list[Part]:
    """The parts of a document's pages, in order. Raises LiteError for more than MAX_ROWS lines or a
    spent budget."""
    by_page = [_rows(page.lines) for page in pages]
    if (count := sum(map(len, by_page))) > MAX_ROWS:
        raise LiteError(
            f"A picture has {count} lines of text; at most {MAX_ROWS} can be compared.",
            details={"limit": MAX_ROWS, "size": count},
        )
    parts = list(_parts(_paragraphs(by_page, budget)))
    if all(part.confidence >= 1.0 for part in parts):
        return parts
    return [replace(part, confidence=min(part.confidence, CERTAIN)) for part in parts]


def _rows(lines: list[Line]) -> list[_Row]:
    if not any(line.place[3] for line in lines):
        return [_Row([line]) for line in lines]
    made = [_Row(row) for row in rows(lines)]
    for row in made:
        gaps = [
            after.place[0] - (before.place[0] + before.place[2])
            for before, after in zip(row.lines, row.lines[1:], strict=False)
        ]
        row.is_table = max(gaps, default=0.0) > COLUMN_GAP * row.height
    return made


def _paragraphs(by_page: list[list[_Row]], budget: Budget) -> list[_Paragraph]:
    made: list[_Paragraph] = []
    last: _Row | None = None
    for page in by_page:
        written = [row for row in page if not row.is_table]
        margin = max((row.right for row in written), default=0.0)
        edge = min((row.left for row in written), default=0.0)
        is_first = True
        for row in page:
            budget.check()
            if row.is_table:
                cells = tuple(_normal(line.text) for line in row.lines)
                made.append(_Paragraph(row.text, row.confidence, cells))
                last = None
                continue
            if last is not None and _goes_on(last, row, margin, edge, is_first):
                made[-1].text = _joined(made[-1].text, row.text)
                made[-1].confidence = min(made[-1].confidence, row.confidence)
            else:
                made.append(_Paragraph(row.text, row.confidence))
            last, is_first = row, False
    return made


def _goes_on(last: _Row, row: _Row, margin: float, edge: float, is_on_next_page: bool) -> bool:
    """Whether a row goes on with the sentence of the row before."""
    height = max(last.height, row.height)
    if _is_code(last.text) or _is_code(row.text):
        return False
    if not height or LABEL.match(row.text) or height > TITLE * min(last.height, row.height):
        return False
    if not is_on_next_page and row.left > edge + INDENT * height:
        return False
    text = row.text
    first = text.split(" ", 1)[0] if LETTER.match(text) else text[:1]
    word = (row.right - row.left) * len(first) / max(len(text), 1)
    return margin - last.right <= max(SHORT_OF * height, word + height)


def _is_code(text: str) -> bool:
    """Whether a line is one long word, such as a key or a checksum: it is no part of a sentence."""
    return len(text) > LONGEST_WORD and " " not in text and not CJK.search(text)


def _joined(one: str, two: str) -> str:
    """Words are separated by a space, Chinese characters are not. Chinese text also breaks its
    numbers at the end of a line."""
    is_number = NUMBER.match(one[-1:]) and NUMBER.match(two[:1]) and CJK.search(one[-MAX_ROW:])
    needs_space = LETTER.match(one[-1:]) and LETTER.match(two[:1]) and not is_number
    return f"{one} {two}" if needs_space else one + two


def _parts(paragraphs: list[_Paragraph]) -> Iterator[Part]:
    label = title = ""
    heads: tuple[str, ...] = ()
    for number, paragraph in enumerate(paragraphs):
        if paragraph.cells:
            is_head = len(heads) != len(paragraph.cells) and not _has_digit(paragraph.text)
            if is_head:
                heads = paragraph.cells
            place = paragraph.cells[0]
            yield Part(
                paragraph.text, "", place, number, paragraph.confidence, paragraph.cells, heads
            )
            continue
        heads = ()
        found = LABEL.match(paragraph.text)
        label = found[1] if found else ""
        rest = paragraph.text[found.end() :] if found else paragraph.text
        title = label or rest[:12]
        for text in SENTENCE.findall(rest) if rest.strip() else [rest]:
            if text.strip() or label:
                yield Part(text.strip(), label, title, number, paragraph.confidence)
                label = ""


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _normal(text: str) -> str:
    return normal(text[:MAX_ROW])[:MAX_ROW].strip()
