"""DOCX by python-docx: paragraphs, headings by style or outline level, automatic numbering, tables."""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import docx
from docx.document import Document as WordFile
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.parts.styles import StylesPart
from docx.table import Table
from docx.text.paragraph import Paragraph

from gateway.knowledge.sources.archives import NotReadable, check_archive
from gateway.knowledge.sources.document import Document, Heading, Line
from gateway.knowledge.sources.docx_numbering import Numbering
from gateway.knowledge.sources.front_matter import split_front
from gateway.knowledge.sources.tables import MAX_COLUMNS, add_table

MAX_FRONT = 20  # paragraphs that are looked at for a front matter
MAX_ROWS = 20_000
MAX_STYLES = 10  # that are based on each other
# Deleted text, properties, and the second copy of a text box for old programs.
SKIPPED = frozenset(
    (
        *(qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), qn("w:instrText")),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    )
)
NO_STYLES = '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'


def read_docx(data: bytes, document: Document) -> None:
    """Raises NotReadable. Deleted text of tracked changes is left out, inserted text is read."""
    check_archive(data)
    try:
        file = docx.Document(io.BytesIO(data))
    except (KeyError, ValueError, SyntaxError) as error:  # lxml's are SyntaxErrors
        raise NotReadable(f"is no DOCX file: {error}; save it again") from None
    _add_styles(file)
    _Reader(file, document).read()


def _add_styles(file: WordFile) -> None:
    """Gives a file without styles an empty part of them. python-docx would open a file of its own,
    which the sandbox forbids."""
    part, kind = file.part, RELATIONSHIP_TYPE.STYLES
    if all(one.reltype != kind for one in part.rels.values()):
        name, root = PackURI("/word/styles.xml"), parse_xml(NO_STYLES)
        part.relate_to(StylesPart(name, CONTENT_TYPE.WML_STYLES, root, part.package), kind)


class _Reader:
    def __init__(self, file: WordFile, document: Document) -> None:
        self._file = file
        self._document = document
        self._numbering = Numbering(file)
        self._levels: dict[str | None, int | None] = {}  # of headings, by style
        self._numbers: Counter[str] = Counter()

    def read(self) -> None:
        blocks = self._blocks()
        front = self._front(blocks)
        has_title = any(
            isinstance(block, Paragraph) and _is_title(block) and block.text.strip()
            for block in blocks[:MAX_FRONT]
        )
        for number, block in enumerate(blocks):
            if isinstance(block, Table):
                self._add_table(block)
            elif number >= front:
                self._add_paragraph(block, has_title)
            self._document.check()

    def _blocks(self) -> list[Paragraph | Table]:
        """The paragraphs and tables of the body in order, also those in content controls."""
        body = self._file.element.body
        return [
            Paragraph(element, self._file)
            if element.tag == qn("w:p")
            else Table(element, self._file)
            for element in _children(body)
        ]

    def _front(self, blocks: list[Paragraph | Table]) -> int:
        """Number of paragraphs that the front matter takes."""
        first: list[str] = []
        for block in blocks[:MAX_FRONT]:
            if isinstance(block, Table):
                break
            first += _text(block).split("\n")
        lines, self._document.front, problems = split_front(first)
        self._document.problems += problems
        taken = 0
        for count, block in enumerate(blocks[:MAX_FRONT], start=1):
            if taken >= lines or isinstance(block, Table):
                return count - 1
            taken += _text(block).count("\n") + 1
        return 0 if not lines else MAX_FRONT

    def _add_paragraph(self, paragraph: Paragraph, has_title: bool) -> None:
        self._numbers["paragraph"] += 1
        place = f"paragraph {self._numbers['paragraph']}"
        text = _text(paragraph).strip()
        if not text:
            self._document.add(Line(""))
            return
        prefix = self._numbering.prefix(paragraph)
        text = prefix + text
        level = self._level(paragraph)
        if _is_title(paragraph):
            self._document.add(Heading(1, text.replace("\n", " "), place))
        elif level is not None:
            deeper = 1 if has_title else 0
            self._document.add(Heading(level + deeper, text.replace("\n", " "), place))
        else:
            for line in text.split("\n"):
                self._document.add(Line(line, place))
            if not prefix:
                self._document.add(Line(""))

    def _level(self, paragraph: Paragraph) -> int | None:
        """1 to 9 of a heading: the outline level of the paragraph, or of its style."""
        own = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if own is not None:
            return _outline(own.get(qn("w:val")))
        style = paragraph.style
        if style is None:
            return None
        if style.style_id not in self._levels:
            self._levels[style.style_id] = _level_of(style)
        return self._levels[style.style_id]

    def _add_table(self, table: Table) -> None:
        self._numbers["table"] += 1
        name = f"table {self._numbers['table']}"
        rows, places = [], []
        for number, row in enumerate(table._tbl.tr_lst[:MAX_ROWS], start=1):
            cells = [_cell_text(cell) for cell in row.tc_lst[:MAX_COLUMNS]]
            self._document.check()
            if any(cells):
                rows.append(cells)
                places.append(f"{name}, row {number}")
        if len(table._tbl.tr_lst) > MAX_ROWS:
            self._document.report(f"{name}: only the first {MAX_ROWS} rows are read")
        if rows:
            add_table(self._document, rows, places)


def _children(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables, through content controls, which may lie in each other."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")):
            waiting += reversed(element)


def _text(paragraph: Paragraph) -> str:
    return _text_of(paragraph._p)


def _text_of(element: Any) -> str:
    """The text as it is seen; a text box is stored twice, and read once."""
    parts: list[str] = []
    waiting = list(reversed(element))
    while waiting:
        node = waiting.pop()
        if node.tag == qn("w:t"):
            parts.append(node.text or "")
        elif node.tag == qn("w:tab"):
            parts.append("\t")
        elif node.tag in (qn("w:br"), qn("w:cr")):
            parts.append("\n")
        elif node.tag == qn("w:noBreakHyphen"):
            parts.append("-")
        elif node.tag not in SKIPPED:
            waiting += reversed(node)
    return "".join(parts)


def _cell_text(cell: Any) -> str:
    lines = (_text_of(paragraph).strip() for paragraph in cell.iter(qn("w:p")))
    return "\n".join(line for line in lines if line)


def _is_title(paragraph: Paragraph) -> bool:
    return paragraph.style is not None and paragraph.style.name == "Title"


def _level_of(style: Any) -> int | None:
    for _ in range(MAX_STYLES):
        if style is None:
            return None
        name = str(style.name or "")
        if name.startswith("Heading ") and name[8:].isdigit():
            return int(name[8:])
        found = style.element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if found is not None:
            return _outline(found.get(qn("w:val")))
        style = style.base_style
    return None


def _outline(value: str | None) -> int | None:
    """Outline level 9 is body text."""
    return int(value) + 1 if value and value.isdigit() and int(value) < 9 else None
