"""Files made to do harm take bounded time and memory, are named, and leave the next file alone."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.parser_client import Parser
from tests.support.knowledge import parse
from tests.support.office_files import lines, pdf

MB = 1_000_000
GOOD = "# Good\n\n## 1.1 Returns\nReturn an item within 30 days.\n"
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


def office(
    make: Callable[[io.BytesIO], object], part: str, content: Callable[[bytes], bytes]
) -> bytes:
    """A file with one part changed."""
    source, out = io.BytesIO(), io.BytesIO()
    make(source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, content(data) if name == part else data)
    return out.getvalue()


def word(content: Callable[[bytes], bytes]) -> bytes:
    return office(lambda out: docx.Document().save(out), "word/document.xml", content)


def without_styles() -> bytes:
    """As small programs write it: the document alone."""

    def fewer(data: bytes) -> bytes:
        return re.sub(rb'<Relationship [^>]{0,200}"styles.xml"/>', b"", data)

    def save(out: io.BytesIO) -> None:
        made = docx.Document()
        made.add_paragraph("3.2 Refunds take three days.")
        made.save(out)

    return office(save, "word/_rels/document.xml.rels", fewer)


def sheet(content: Callable[[bytes], bytes]) -> bytes:
    return office(lambda out: openpyxl.Workbook().save(out), "xl/worksheets/sheet1.xml", content)


def with_entities(data: bytes) -> bytes:
    head, mark, rest = data.partition(b"?>")
    return head + mark + ENTITIES.encode() + rest.replace(b"<w:body>", b"<w:body><w:p>&i;</w:p>")


def body(inside: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"<w:body>", b"<w:body>" + inside)


def rows(inside: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(
        b"<sheetData />", b"<sheetData>" + inside + b"</sheetData>"
    ).replace(b"<sheetData></sheetData>", b"<sheetData>" + inside + b"</sheetData>")


PARAGRAPH = b"<w:p><w:r><w:t>3.2 Rent is paid.</w:t></w:r></w:p>"
ROW = b'<row><c t="inlineStr"><is><t>mirror</t></is></c></row>'
# Name, bytes, and a word of the problem; "" where the file is read.
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a zip bomb in a Word file": ("x.docx", lambda: word(body(b" " * 300 * MB)), "unpacks"),
    "a zip bomb in a sheet": ("x.xlsx", lambda: sheet(rows(b" " * 300 * MB)), "unpacks"),
    "entities in a Word file": ("x.docx", lambda: word(with_entities), ""),
    "a Word file nested deeply": (
        "x.docx",
        lambda: word(
            body(b"<w:sdt><w:sdtContent>" * 200_000 + b"</w:sdtContent></w:sdt>" * 200_000)
        ),
        "is no DOCX file",
    ),
    "a Word file with 200,000 paragraphs": ("x.docx", lambda: word(body(PARAGRAPH * 200_000)), "x"),
    "a sheet with 300,000 rows": ("x.xlsx", lambda: sheet(rows(ROW * 300_000)), "20000 rows"),
    "a sheet with one cell far away": (
        "x.xlsx",
        lambda: sheet(rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        "x",
    ),
    "a PDF with 3,000 pages": (
        "x.pdf",
        lambda: pdf([lines([f"{n}.1 Rent is paid."]) for n in range(3_000)]),
        "3000 pages",
    ),
    "a PDF page of lines": (
        "x.pdf",
        lambda: pdf(
            [
                [
                    *lines(["3.2 Rent is paid."]),
                    *[f"{n} 0 m {n} 800 l S 0 {n} m 800 {n} l S" for n in range(700)],
                ]
            ]
        ),
        "",
    ),
    "a PDF cut short": ("x.pdf", lambda: pdf([lines(["3.2 Rent is paid."])])[:900], "x"),
    "HTML nested deeply": ("x.html", lambda: b"<div><table><tr><td>" * 100_000 + b"x", ""),
    "HTML of open tags": ("x.html", lambda: b"<p" * MB, ""),
    "HTML of entities": ("x.html", lambda: b"&amp" * MB, ""),
    "HTML of comments": ("x.html", lambda: b"<!--" * MB, ""),
    "HTML lists nested deeply": ("x.html", lambda: b"<ol><li>" * 400_000, ""),
    "a CSV field of megabytes": ("x.csv", lambda: b'question,answer\n"a","' + b"x" * 3 * MB, ""),
    "a CSV file of quotes": ("x.csv", lambda: b"question,answer\n" + b'"' * 3 * MB, ""),
    "a CSV file of marks": ("x.csv", lambda: b"," * 3 * MB, ""),
    "questions without answers": ("x.txt", lambda: "Q：a\n".encode() * 160_000, ""),
    "items of a list": ("x.txt", lambda: "1、短\n".encode() * 110_000, ""),
    "parts of an outline": ("x.txt", lambda: "一、总则\n（一）范围\n".encode() * 30_000, ""),
    "a table of bars": ("x.md", lambda: b"|\n|-|\n" + b"|" * 900_000, ""),
    "tables without rows": ("x.md", lambda: b"|a|\n|-|\n" * 120_000, ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_harms_nothing_but_itself(case: str) -> None:
    name, make, wanted = HOSTILE[case]
    data = make()
    with Parser() as parser:
        started = time.monotonic()
        parsed = parser.parse(name, data)
        assert time.monotonic() - started < 90
        if wanted not in ("", "x"):
            assert any(wanted in problem for problem in parsed.problems), parsed.problems
        assert not any("PermissionError" in problem for problem in parsed.problems)
        assert len(parser.parse("good.md", GOOD.encode()).segment or ()) == 1


def test_a_file_of_a_gigabyte_is_named_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "z.md").write_text(GOOD)
    for name in ("x.csv", "x.docx", "x.pdf", "x.html"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(1_000 * MB)
    library = KnowledgeBase(tmp_path)
    assert [problem.path for problem in library.problems] == ["x.csv", "x.docx", "x.html", "x.pdf"]
    assert all("at most" in problem.message for problem in library.problems)
    assert len(library.search("return an item")) == 1


def test_old_office_files_are_named_with_what_to_do_and_locks_of_open_ones_are_not(
    tmp_path: Path,
) -> None:
    for name in ("old.doc", "old.xls", "slides.pptx", "~$open.docx", "assistant.toml", "a.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "good.md").write_text(GOOD)
    library = KnowledgeBase(tmp_path)
    assert [(problem.path, problem.message.rpartition(" ")[2]) for problem in library.problems] == [
        ("old.doc", "DOCX"),
        ("old.xls", "XLSX"),
        ("slides.pptx", "PDF"),
    ]


@pytest.mark.parametrize(
    "unit",
    [
        *("Q：a\n", "Q：a\nA：b\n", "1、短\n", "一、总则\n（一）范围很长很长\n", "第三章 x\n"),
        *("a：\n1、b\n", "| a | b |\n", "|\n|-|\n", "3.2 x\n", "**3.2", "问：x？答：y\n"),
    ],
)
def test_making_clauses_takes_no_quadratic_time(unit: str) -> None:
    """160,000 characters take up to a second; a quadratic step would take minutes."""
    started = time.process_time()
    parse(unit * (160_000 // len(unit)), "x.md")
    parse(unit * (160_000 // len(unit)), "x.txt")
    assert time.process_time() - started < 10


def test_a_word_file_without_styles_is_read() -> None:
    data = without_styles()
    assert b"styles.xml" not in zipfile.ZipFile(io.BytesIO(data)).read(
        "word/_rels/document.xml.rels"
    )
    with Parser() as parser:
        parsed = parser.parse("x.docx", data)
    assert parsed.problems == []
    assert len(parsed.segment or ()) == 1
