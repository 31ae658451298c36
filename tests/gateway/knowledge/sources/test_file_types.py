"""Every file type gives its clauses, with their place, through the sandboxed parser."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from gateway.knowledge.clauses import STAFF, Clause
from gateway.knowledge.parser_client import Parser
from gateway.knowledge.sources.csv_table import read_csv
from gateway.knowledge.sources.document import Document
from tests.support.office_files import Text, lines, pdf, scanned_pdf, table


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser() as one:
        yield one


def clauses_of(parser: Parser, name: str, data: bytes) -> list[Clause]:
    parsed = parser.parse(name, data)
    assert parsed.problems == []
    assert parsed.segment is not None
    return [parsed.segment.clause(number) for number in range(len(parsed.segment))]


def saved(file: Any) -> bytes:
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def test_a_word_file_gives_headings_numbers_and_rows(parser: Parser) -> None:
    file = docx.Document()
    file.add_heading("星河售后手册", 0)
    file.add_heading("退换货", 1)
    file.add_paragraph("签收后七天内可申请退货。")
    file.add_paragraph("3.2 定制商品不支持退货。")
    rows = file.add_table(2, 2)
    for cell, text in zip(rows._cells, ("问题", "答案", "镜子保修几天？", "159天"), strict=True):
        cell.text = text
    found = clauses_of(parser, "手册.docx", saved(file))
    assert [(one.clause, one.title, one.text, one.place) for one in found] == [
        ("", "星河售后手册 · 退换货", "签收后七天内可申请退货。", "paragraph 2"),
        ("3.2", "星河售后手册 · 退换货", "定制商品不支持退货。", "paragraph 4"),
        ("", "星河售后手册 · 镜子保修几天？", "159天", "table 1, row 2"),
    ]
    assert found[1].id == "手册.docx#3.2"


def test_numbers_that_word_draws_itself_are_read(parser: Parser) -> None:
    file = docx.Document()
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(
            (("chineseCounting", "第%1章"), ("decimal", "%1.%2"), ("chineseCounting", "（%3）"))
        )
    )
    root = file.part.numbering_part.element
    root.insert(
        0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>')
    )
    root.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>')
    )
    for level, text in (
        (0, "押金"),
        (1, "押金三天内退还。"),
        (1, "损坏照价赔偿。"),
        (0, "门锁"),
        (1, "重启后再试。"),
    ):
        paragraph = file.add_paragraph(text)
        paragraph._p.get_or_add_pPr().append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'
            )
        )
    found = clauses_of(parser, "a.docx", saved(file))
    assert [(one.clause, one.title, one.text) for one in found] == [
        ("1.1", "a · 押金", "押金三天内退还。"),
        ("1.2", "a · 押金", "损坏照价赔偿。"),
        ("2.1", "a · 门锁", "重启后再试。"),
    ]


def test_deleted_text_of_a_word_file_is_left_out_and_inserted_text_is_read(parser: Parser) -> None:
    file = docx.Document()
    paragraph = file.add_paragraph("押金在")
    for kind, text in (("del", "delText"), ("ins", "t")):
        days = "五" if kind == "del" else "三"
        paragraph._p.append(
            parse_xml(
                f'<w:{kind} {nsdecls("w")} w:id="1"><w:r><w:{text}>{days}天内退还。</w:{text}></w:r></w:{kind}>'
            )
        )
    assert [one.text for one in clauses_of(parser, "a.docx", saved(file))] == ["押金在三天内退还。"]


def test_a_sheet_of_questions_gives_a_clause_a_row_with_what_its_columns_say(
    parser: Parser,
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "常见问题"
    sheet.append(["客服问答表"])
    sheet.append(["标题", "问题（必填）", "答案", "生效日期", "失效日期", "受众"])
    sheet.append(["保修", "镜子几天？", "159 天", date(2026, 1, 1), datetime(2027, 1, 1), None])
    sheet.append([None, "内部折扣？", 0.8, None, "2027/2/1", "staff"])
    prices = book.create_sheet("价格")
    prices.append(["商品", "元"])
    prices.append(["床垫", 1999.0])
    first, second, third = clauses_of(parser, "b.xlsx", saved(book))
    assert (first.title, first.text, first.effective, first.expires) == (
        "保修 · 镜子几天？",
        "159 天",
        date(2026, 1, 1),
        date(2027, 1, 1),
    )
    assert (second.title, second.text, second.audience) == ("b · 内部折扣？", "0.8", STAFF)
    assert second.place == "sheet 常见问题, row 4"
    assert (third.title, third.text) == (
        "b · 价格",
        "| 商品 | 元 |\n| --- | --- |\n| 床垫 | 1999 |",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_file_gives_a_clause_a_row(parser: Parser, encoding: str, mark: str) -> None:
    text = f'问题{mark}答案\n镜子几天？{mark}"159天\n自签收起"\n'
    found = clauses_of(parser, "c.csv", text.encode(encoding))
    assert [(one.title, one.text) for one in found] == [("c · 镜子几天？", "159天\n自签收起")]


def test_a_small_csv_file_leaves_the_limit_of_others_as_it_was() -> None:
    before = csv.field_size_limit()
    read_csv("question,answer\nmirror?,159 days\n", Document())
    assert csv.field_size_limit() == before


def test_rows_without_a_question_or_an_answer_are_named(parser: Parser) -> None:
    parsed = parser.parse("c.csv", b"question,answer\nmirror?,159 days\nsofa?,\n,,\n")
    assert parsed.problems == ["row 3: has no answer; it is left out"]
    assert len(parsed.segment or ()) == 1


def test_a_web_page_gives_its_text_without_menus_and_scripts(parser: Parser) -> None:
    page = (
        "<html><head><title>Rules</title><meta name=expires content=2030-01-01>"
        "<style>p{}</style></head><body><nav><a>Home</a></nav><h1>Rules</h1><h2>3.2 Returns</h2>"
        "<p>Within\n30&nbsp;days.<p>Bring it<br>back.<script>alert(1)</script>"
        "<ol><li>one<li>two</ol><table><tr><th>Question<th>Answer<tr><td>Mirror?<td>159 days"
        "</table></body>"
    )
    found = clauses_of(parser, "e.html", page.encode())
    assert [(one.clause, one.title, one.text) for one in found] == [
        ("3.2", "Rules · Returns", "Within 30 days.\n\nBring it\nback.\n\n1. one\n2. two"),
        ("", "Rules · Mirror?", "159 days"),
    ]
    assert found[0].expires == date(2030, 1, 1)


LONG = "买家签收商品后七天内可以申请无理由退货，商品应当保持完好，吊牌齐全，配件及赠品不缺，"


def test_a_pdf_gives_paragraphs_tables_and_pages(parser: Parser) -> None:
    header = Text(72, 800, "星河公司 内部资料")
    rules = ["3.2 退货流程", LONG, "并由买家承担运费。", "3.3 定制商品不支持退货。"]
    data = pdf(
        [
            [header, Text(72, 770, "星河售后手册", 20), *lines(rules, 730), Text(280, 20, "1 / 3")],
            [
                header,
                *table([["问题", "答案"], ["镜子几天？", "159天"]], 760),
                Text(280, 20, "2 / 3"),
            ],
            [
                header,
                *table([["问题", "答案"], ["沙发几天？", "101天"]], 760),
                Text(280, 20, "3 / 3"),
            ],
        ]
    )
    found = clauses_of(parser, "f.pdf", data)
    assert [(one.clause, one.title, one.text, one.place) for one in found] == [
        ("3.2", "星河售后手册 · 退货流程", LONG + "并由买家承担运费。", "page 1"),
        ("3.3", "星河售后手册", "定制商品不支持退货。", "page 1"),
        ("", "星河售后手册 · 镜子几天？", "159天", "page 2"),
        ("", "星河售后手册 · 沙发几天？", "101天", "page 3"),
    ]


def test_pages_without_text_are_told_apart(parser: Parser) -> None:
    assert parser.parse("scan.pdf", scanned_pdf(2)).scanned == [1, 2]
    picture = parser.draw("scan.pdf", scanned_pdf(2), 2)
    assert picture is not None
    assert picture[:2] == b"\xff\xd8"
    read = parser.parse(
        "scan.pdf", scanned_pdf(2), {1: ["3.2 押金三天内退还。"], 2: ["3.3 照价赔偿。"]}
    )
    assert read.scanned == []
    assert read.segment is not None
    assert [read.segment.clause(number).place for number in range(2)] == ["page 1", "page 2"]


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pdf"])
def test_a_file_that_is_not_what_its_name_says_is_named(parser: Parser, name: str) -> None:
    for data in (b"", b"text", b"\xd0\xcf\x11\xe0 old", b"PK\x03\x04 cut", b"%PDF-1.7 cut"):
        parsed = parser.parse(name, data)
        assert len(parsed.problems) == 1
        assert "cannot be used" not in parsed.problems[0], parsed.problems
