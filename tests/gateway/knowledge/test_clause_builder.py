"""What becomes a clause, of lists, questions, tables and long texts."""

from pathlib import Path

import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from tests.support.knowledge import parse
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "data" / "knowledge"


def numbers_of(text: str, name: str = "r.md") -> list[str]:
    return [clause.clause for clause in parse(text, name)]


def test_amounts_and_days_at_the_start_of_a_line_stay_in_their_sentence() -> None:
    clauses = parse((CASES / "numbers.md").read_bytes(), "numbers.md")
    assert [clause.clause for clause in clauses] == ["三", "", "", ""]
    assert clauses[0].text.split("\n\n") == [
        "2.5公斤以内的包裹首重十二元，超出部分每公斤五元。",
        "1.5倍赔偿仅适用于承运商责任造成的丢失。",
        "8.6.1版本起，应用支持一键改地址。",
        "2026.05.01起，新的积分规则生效。",
    ]
    assert [clause.title.partition(" · ")[2] for clause in clauses[1:]] == [
        "7天无理由退货不适用的商品",
        "24小时在线客服",
        "2026年春节放假安排",
    ]


def test_the_next_number_begins_a_clause_though_a_unit_stands_behind_it() -> None:
    text = "## 1 Passes\n\n1.1 Year passes.\n\n1.2 Day visitors pay 68.\n\n1.5 days later it ends."
    assert numbers_of(text) == ["1.1", "1.2"]
    assert numbers_of("第一章\n\n2.1 说明。\n\n2.2 天数按自然日计。\n\n2.3公斤起重。") == [
        "2.1",
        "2.2",
    ]


def test_numbers_of_every_style_begin_a_clause() -> None:
    clauses = parse((CASES / "styles.md").read_bytes(), "styles.md")
    assert [clause.clause for clause in clauses] == [
        *("第十二条", "第十二条之一", "第十四条", "第十五条", "2.2", "3.1", "第三章")
    ]
    assert "E19" in clauses[-1].text
    assert clauses[-1].title == "会员章程 · 故障代码"


def test_text_is_quoted_as_written() -> None:
    first, second = parse((CASES / "nfkc.md").read_bytes(), "nfkc.md")
    assert first.text == ("误差不得超过 2² 毫米，面积按 3㎡ 计，½ 杯水约 ¼ 升；见附件①、附件②。")
    assert (second.clause, second.text) == (
        "5.2",
        "抽检比例为 10⁻² 以下，批量 ≥１００ 件时适用。",
    )


def test_a_long_list_of_questions_is_cut_into_its_questions() -> None:
    clauses = parse((CASES / "faq.md").read_bytes(), "faq.md")
    assert len(clauses) == 60
    mirror = next(clause for clause in clauses if "镜子" in clause.title)
    assert mirror.title == "保修 · 镜子保修多少天？"
    assert mirror.text.startswith("镜子保修159天")
    assert "160" not in mirror.text


@pytest.mark.parametrize(
    "text",
    [
        "问：镜子保修几天？\n答：159天。\n需凭订单。\n\n问：沙发呢？\n答：101天。\n",
        "Q: 镜子保修几天？\nA: 159天。\n需凭订单。\nQ: 沙发呢？\nA: 101天。\n",
        "**Q1：镜子保修几天？**\n\n**A1：**159天。\n需凭订单。\n\n**Q2：沙发呢？**\n\n**A2：**101天。\n",
        "## 问题1：镜子保修几天？\n答案：159天。\n需凭订单。\n## 问题2：沙发呢？\n答案：101天。\n",
        "问：镜子保修几天？答：159天。\n需凭订单。\n问：沙发呢？答：101天。\n",
    ],
)
def test_a_question_and_its_answer_are_one_clause(text: str) -> None:
    first, second = parse(text, "问答.md")
    assert (first.title, first.text) == ("问答 · 镜子保修几天？", "159天。\n需凭订单。")
    assert (second.title, second.text) == ("问答 · 沙发呢？", "101天。")


def test_a_question_without_an_answer_stays_text() -> None:
    clause = parse("# 表单\n\n问题：________\n\n备注：________\n", "f.md")[0]
    assert clause.text == "问题：________\n\n备注：________"


def test_a_table_of_questions_gives_a_clause_a_row_and_another_stays_whole() -> None:
    text = (
        "# 保修\n\n| 问题 | 答案 |\n|---|---|\n| 镜子几天？ | 159天 |\n| 沙发几天？ | 101天 |\n\n"
        "## 代码\n\n| 代码 | 含义 |\n| --- | --- |\n| E19 | 基站缺水 |\n"
    )
    clauses = parse(text, "r.md")
    assert [(clause.title, clause.text) for clause in clauses[:2]] == [
        ("保修 · 镜子几天？", "159天"),
        ("保修 · 沙发几天？", "101天"),
    ]
    assert clauses[2].text == "| 代码 | 含义 |\n| --- | --- |\n| E19 | 基站缺水 |"
    assert clauses[0].place == "line 5"


def test_a_long_table_is_cut_between_rows_under_its_header() -> None:
    rows = "".join(f"| E{number} | 基站故障第{number}种 |\n" for number in range(200))
    clauses = parse("## 代码\n\n| 代码 | 含义 |\n| --- | --- |\n" + rows, "r.md")
    assert len(clauses) > 1
    assert all(clause.text.startswith("| 代码 | 含义 |\n| --- | --- |\n") for clause in clauses)
    assert sum(clause.text.count("基站故障") for clause in clauses) == 200


def test_parts_and_items_of_an_outline_are_clauses_under_their_headings() -> None:
    text = "办法\n\n一、退货\n（一）七日内未安装的可以退货。\n（二）样品不接受退货。\n二、退款\n1、款项在十日内退回原账户。\n2、分期的退货后取消剩余期数。\n"
    clauses = parse(text, "r.txt")
    assert [(clause.clause, clause.title) for clause in clauses] == [
        ("（一）", "办法 · 退货"),
        ("（二）", "办法 · 退货"),
        ("1", "办法 · 退款"),
        ("2", "办法 · 退款"),
    ]


def test_a_list_in_a_clause_is_a_part_of_it() -> None:
    assert numbers_of(
        "### 3.2 退货\n1、七日内提出申请，并上传照片。\n2、寄回商品和所有配件。\n"
    ) == ["3.2"]
    assert numbers_of("第八条 下列商品不退：\n（一）已拆封的光盘；\n（二）定制的商品。\n") == [
        "第八条"
    ]
    assert numbers_of(
        "## 退货\n按以下步骤办理：\n1、七日内提出申请，并上传照片。\n2、寄回商品。\n"
    ) == [""]
    assert numbers_of("## 退货\n1、打开订单\n2、点申请售后\n3、寄回商品\n") == [""]


def test_a_numbered_line_above_a_text_names_its_clause() -> None:
    text = "3.2 退货流程\n签收后七天内可申请退货。\n3.3 破损赔付\n拍照后联系客服。\n"
    assert [(clause.clause, clause.title, clause.text) for clause in parse(text, "规则.txt")] == [
        ("3.2", "规则 · 退货流程", "签收后七天内可申请退货。"),
        ("3.3", "规则 · 破损赔付", "拍照后联系客服。"),
    ]


def test_files_of_one_name_in_two_folders_both_count(tmp_path: Path) -> None:
    library = KnowledgeBase(CASES / "same-name")
    hits = [hit.clause.source for hit in library.search("屏幕碎裂")]
    assert sorted(hits) == ["家电/售后.md", "手机/售后.md"]
    assert {clause.pair for clause in library.clauses} == {""}


def test_translations_share_their_pair_and_one_of_them_answers(tmp_path: Path) -> None:
    for language, text in (("zh-CN", "押金三天内退还。"), ("en", "The deposit 押金 comes back.")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "rent.md").write_text(f"## 3.2 押金\n{text}\n", "utf-8")
    library = KnowledgeBase(tmp_path)
    assert [clause.pair for clause in library.clauses] == ["*/rent.md#3.2"] * 2
    assert len(library.search("押金")) == 1


def test_two_formats_of_one_name_have_clauses_of_their_own() -> None:
    ids = [parse("3.2 押金退还。", name)[0].id for name in ("a.md", "a.txt", "a.markdown")]
    assert ids == ["a#3.2", "a.txt#3.2", "a.markdown#3.2"]
