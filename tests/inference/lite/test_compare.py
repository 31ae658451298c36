"""Documents are compared by paragraph: what changed is told once, and where a line ends is not."""

import time
from collections.abc import Sequence

import pytest

from inference.lite.budget import Budget
from inference.lite.compare import Difference, asks_to_compare, differences, pair_of
from inference.lite.compare_words import compared
from inference.lite.reading import Line, Reading

SIZE = 20  # pixels of a character
LEADING = 32
COLUMNS = 200  # pixels of a table's column
Paragraph = str | tuple[str, ...]  # a tuple is a row of a table

CONTRACT: list[Paragraph] = [
    "设备租赁合同",
    "出租方:宁波海帆设备有限公司",
    "承租方:苏州青柠文化传媒有限公司",
    "第一条 租赁物:出租方将型号为HF-2200的打印机三台出租给承租方使用,租赁物的序列号以交接单为准。",
    "第二条 租期:自2026年3月1日起至2027年2月28日止,期满前十五日双方可以书面续租。",
    "第三条 租金:每台每月480.00元,承租方应于每月10日前支付当月租金,逾期按日加收千分之三的违约金。",
    "第四条 维修:出租方负责维修,接到报修后二十四小时内到场;因承租方使用不当造成的损坏由承租方承担。",
    "第五条 押金:承租方应于签订本合同之日支付押金3,000.00元,租赁物归还并验收合格后七日内无息退还。",
    "第六条 转租:未经出租方书面同意,承租方不得将租赁物转租或者抵押给第三人。",
    ("耗材", "规格", "单价(元)"),
    ("墨盒", "HF-21K", "86.50"),
    ("纸张", "A4", "23.00"),
    ("硒鼓", "HF-30D", "312.00"),
    "签订日期:2026年2月20日",
]


def pages_of(
    paragraphs: Sequence[Paragraph],
    *,
    width: int = 30,
    rows: int = 100,
    confidence: float = 1.0,
    image: str = "file-a",
) -> list[Reading]:
    """The paragraphs, wrapped after `width` characters, on pages of so many rows."""
    lines: list[list[Line]] = []
    for paragraph in paragraphs:
        if isinstance(paragraph, tuple):
            lines.append(
                [
                    Line(cell, (COLUMNS * number, 0, SIZE * len(cell) // 2, SIZE), confidence)
                    for number, cell in enumerate(paragraph)
                ]
            )
            continue
        for start in range(0, len(paragraph), width):
            text = paragraph[start : start + width]
            lines.append([Line(text, (0, 0, SIZE * len(text), SIZE), confidence)])
    made = []
    for start in range(0, len(lines), rows):
        page = [
            Line(line.text, (line.box[0], LEADING * number, *line.box[2:]), line.confidence)
            for number, row in enumerate(lines[start : start + rows])
            for line in row
        ]
        made.append(Reading(image, 1000, LEADING * rows, page))
    return made


def found(one: Sequence[Paragraph], two: Sequence[Paragraph], **layout: int) -> list[Difference]:
    return differences(pages_of(one), pages_of(two, **layout), Budget())  # type: ignore[arg-type]  # bounds of a page


def with_text(old: str, new: str) -> list[Paragraph]:
    made = [one.replace(old, new) if isinstance(one, str) else one for one in CONTRACT]
    assert made != CONTRACT
    return made


def test_the_same_text_wrapped_and_paged_elsewhere_does_not_differ() -> None:
    for width in (18, 24, 41):
        for rows in (7, 11, 100):
            assert found(CONTRACT, CONTRACT, width=width, rows=rows) == []


@pytest.mark.parametrize(
    ("old", "new", "first", "second"),
    [
        ("480.00", "48.00", "480.00", "48.00"),
        ("3,000.00", "3,000.50", "3,000.00", "3,000.50"),
        ("2027年2月28日", "2028年2月28日", "2027年2月28日", "2028年2月28日"),
        ("HF-2200", "HF2200", "HF-2200", "HF2200"),
        ("千分之三", "千分之五", "千分之三", "千分之五"),
        ("苏州青柠", "苏州青宁", "青柠", "青宁"),
        ("承租方不得将", "承租方可以将", "不得", "可以"),
    ],
)
def test_one_changed_value_is_one_difference_with_both_values(
    old: str, new: str, first: str, second: str
) -> None:
    (difference,) = found(CONTRACT, with_text(old, new), width=23, rows=9)
    assert first in difference.first.replace("\x02", "").replace("\x03", "")
    assert second in difference.second.replace("\x02", "").replace("\x03", "")
    assert difference.is_sure


def test_an_inserted_paragraph_is_one_difference_and_the_renumbering_another() -> None:
    new: list[Paragraph] = [*CONTRACT[:5], "第三条 交付:出租方应于起租日将租赁物送至承租方住所。"]
    moved_up = ["第四条", "第五条", "第六条", "第七条"]
    for label, paragraph in zip(moved_up, CONTRACT[5:9], strict=True):
        assert isinstance(paragraph, str)
        new.append(label + paragraph[3:])
    new += CONTRACT[9:]
    added, renumbered = found(CONTRACT, new)
    assert (added.kind, added.first) == ("added", "")
    assert "送至承租方住所" in added.second
    assert renumbered.kind == "renumbered"
    assert (renumbered.first, renumbered.second) == (
        "第三条、第四条、第五条、第六条",
        "第四条、第五条、第六条、第七条",
    )


def test_a_moved_paragraph_is_one_difference() -> None:
    new = [*CONTRACT[:3], CONTRACT[8], *CONTRACT[3:8], *CONTRACT[9:]]
    (moved,) = found(CONTRACT, new)
    assert moved.kind == "moved"
    assert "不得将租赁物转租" in moved.first


def test_a_removed_paragraph_of_two_sentences_is_one_difference() -> None:
    (removed,) = found(CONTRACT, [*CONTRACT[:6], *CONTRACT[7:]])
    assert removed.kind == "removed"
    assert removed.first.startswith("第四条 维修")
    assert removed.first.endswith("由承租方承担。")


def test_a_changed_table_cell_is_named_by_its_row_and_column() -> None:
    new = [("纸张", "A4", "32.00") if one == ("纸张", "A4", "23.00") else one for one in CONTRACT]
    (cell,) = found(CONTRACT, new)
    assert (cell.place, cell.first, cell.second) == ("纸张 · 单价(元)", "23.00", "32.00")


def test_a_new_table_row_is_one_difference() -> None:
    row = ("订书针", "24/6", "3.20")
    (added,) = found(CONTRACT, [*CONTRACT[:11], row, *CONTRACT[11:]])
    assert (added.kind, added.second) == ("added", "订书针 24/6 3.20")


def test_values_and_names_are_told_before_paragraphs_and_words() -> None:
    new = with_text("480.00", "520.00")
    new = [one for one in new if not str(one).startswith("第二条")]
    new = [one.replace("书面同意", "事先同意") if isinstance(one, str) else one for one in new]
    kinds = [(one.kind, "520.00" in one.second) for one in found(CONTRACT, new)]
    assert kinds == [("changed", True), ("removed", False), ("changed", False)]


def test_what_ocr_confuses_is_no_sure_difference() -> None:
    read = pages_of(CONTRACT, confidence=0.97)
    for old, new in (
        ("HF-2200", "HF-22OO"),  # the letter O
        ("到场;", "到场,"),
        ("已", "己"),
        ("租赁物:出租方", "租赁物出租方"),
    ):
        pages = pages_of(
            [one.replace(old, new) if isinstance(one, str) else one for one in CONTRACT],
            confidence=0.97,
        )
        assert [one for one in differences(read, pages, Budget()) if one.is_sure] == []


def test_a_moved_decimal_point_in_a_picture_is_a_sure_difference() -> None:
    one = pages_of(["单价 2.60 元"], confidence=0.96)
    two = pages_of(["单价 26.0 元"], confidence=0.96)
    (point,) = differences(one, two, Budget())
    assert point.is_sure


def test_english_words_that_wrap_elsewhere_do_not_differ_but_a_changed_day_does() -> None:
    text = (
        "1. Term. The agreement starts on 1 March 2026 and ends on 28 February 2027. Either party "
        "may end it with thirty days of written notice. 2. Fees are due on the tenth of each month."
    )
    words = text.split(" ")

    def wrapped(words: list[str], width: int) -> list[Reading]:
        rows, row = [], ""
        for word in words:
            if len(row) + len(word) > width:
                rows.append(row.strip())
                row = ""
            row += word + " "
        lines = [
            Line(row.strip(), (0, LEADING * number, SIZE // 2 * len(row.strip()), SIZE))
            for number, row in enumerate([*rows, row])
        ]
        return [Reading("file-x", 1000, 1000, lines)]

    assert differences(wrapped(words, 50), wrapped(words, 38), Budget()) == []
    changed = [word.replace("2027.", "2028.") for word in words]
    (day,) = differences(wrapped(words, 50), wrapped(changed, 38), Budget())
    assert "2027" in day.first
    assert "2028" in day.second


def test_pages_of_one_file_are_one_document() -> None:
    one, two = pages_of(CONTRACT, rows=8), pages_of(CONTRACT, rows=6, image="file-b")
    assert len(one) > 2
    assert pair_of([*one, *two], []) == (one, two)
    assert pair_of(two, [*one, *two]) == (one, two)
    assert pair_of(one, one) is None


def test_a_table_tells_the_differences_and_text_cannot_break_out_of_it() -> None:
    new = with_text("宁波海帆设备有限公司", "宁波|海帆*设备有限公司")
    told = compared(pages_of(CONTRACT), pages_of(new), True, Budget())
    assert "有 1 处不同" in told
    row = told.splitlines()[-1]
    assert row.replace("\\|", "").count("|") == 5
    same = compared(pages_of(CONTRACT), pages_of(CONTRACT), False, Budget())
    assert "is the same" in same


def test_two_long_documents_that_differ_everywhere_are_compared_in_time() -> None:
    one = [f"第{number}行 甲 {number * 7919 % 10007} 字" for number in range(1400)]
    two = [f"第{number}行 乙 {number * 104729 % 10007} 字" for number in range(1400)]
    started = time.process_time()
    assert differences(pages_of(one), pages_of(two), Budget(60))
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "question",
    [
        "这两份有什么不同?",
        "哪里不一样",
        "看看这两份有什么区别",
        "合同改了哪些地方",
        "请比较这两张图",
        "这两张一样吗",
        "what has changed?",
        "What is the difference between these two?",
        "compare these",
    ],
)
def test_the_wish_to_compare_is_understood(question: str) -> None:
    assert asks_to_compare(question)


@pytest.mark.parametrize(
    "question",
    [
        "运单号是多少?",
        "收货地址能修改吗?",
        "怎么变更发票抬头",
        "最近快递比较慢吗",
        "这两张图的订单号分别是多少?",
        "两张发票一共多少钱?",
        "这两件商品尺码不同,能换吗?",
        "How can I change my delivery address?",
        "I received a different item, what now?",
    ],
)
def test_another_question_is_no_wish_to_compare(question: str) -> None:
    assert not asks_to_compare(question)
