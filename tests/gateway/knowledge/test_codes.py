"""Codes are one word, clauses are asked for by number, and filler words ask for nothing."""

import pytest

from gateway.knowledge.asked_numbers import asked_numbers, canonical
from gateway.knowledge.codes import codes_of_clause, split_codes
from gateway.knowledge.fillers import is_filler
from gateway.knowledge.terms import normalise, terms


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("支付失败 PAY-9999", ["pay-9999"]),
        ("提示PAY-4031怎么办", ["pay-4031"]),
        ("ERR_CONNECTION_TIMED_OUT", ["err_connection_timed_out"]),
        ("错误码ALI40247", ["ali40247"]),
        ("stop code 0x80070005", ["0x80070005"]),
        ("上网提示691", ["691"]),
        ("HTTP 502", ["502"]),
        ("XR-200 保修多久", ["xr-200"]),
        ("面板报 AC-F9", ["ac-f9"]),
        ("洗衣机显示F21", ["f21"]),
        ("the display shows E4", ["e4"]),
    ],
)
def test_an_error_code_is_one_word(text: str, codes: list[str]) -> None:
    assert list(split_codes(normalise(text)).codes) == codes


@pytest.mark.parametrize(
    "text",
    [
        "48h 内发货",
        "iPhone 15 能退吗",
        "IPv4 地址",
        "USB-C 线",
        "满 199 元包邮",
        "8.6.1 版本",
        "A4 纸",
    ],
)
def test_a_measure_or_a_common_word_is_no_code(text: str) -> None:
    assert split_codes(normalise(text)).codes == ()


def test_an_order_or_waybill_number_is_left_out_of_the_search() -> None:
    coded = split_codes(normalise("运单 SF1402857369214 到哪了"))
    assert coded.codes == ()
    assert "1402857369214" not in coded.rest


def test_parts_of_a_code_are_no_search_terms() -> None:
    assert set(terms("PAY-9999")).isdisjoint(terms("PAY-4031"))
    assert "connection" in terms("ERR_CONNECTION_TIMED_OUT")


def test_a_short_code_of_a_clause_is_known_by_its_title_or_by_the_word_before_it() -> None:
    assert codes_of_clause("故障 · e4 滤网堵塞", "清洗滤网。") == {"e4"}
    assert codes_of_clause("故障", "显示 ac-e4 时清洗滤网。") == {"ac-e4"}
    assert codes_of_clause("打印", "每页 a4 纸 1 元。") == set()


def test_numbers_of_a_clause_about_errors_are_codes() -> None:
    assert {"502", "503"} <= codes_of_clause("故障 · 网关错误：http 502、503", "稍后再试")
    assert codes_of_clause("运费 · 包邮", "满 199 元包邮") == set()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3.2 条是什么", ["3.2"]),
        ("售后服务政策 3.2 是什么", ["3.2"]),
        ("售后政策 4.1 是怎么说的", ["4.1"]),
        ("运费 2.5 是不是太贵", []),
        ("售后服务政策第3.1条", ["3.1"]),
        ("第七条", ["7"]),
        ("第十二条之一怎么规定", ["12-1"]),
        ("what does article 5 say", ["5"]),
        ("what does 1.3 of the house rules say", ["1.3"]),
        ("I paid 3.5 of the 5 kg fee", []),
        ("§4", ["4"]),
        ("2.5公斤运费多少", []),
        ("8.6.1版本打不开", []),
        ("7 天能退吗", []),
    ],
)
def test_a_clause_is_asked_for_by_number(text: str, numbers: list[str]) -> None:
    assert asked_numbers(normalise(text))[0] == numbers


@pytest.mark.parametrize(
    ("written", "made"),
    [("第七条", "7"), ("第一百零三条", "103"), ("3.2", "3.2"), ("一", "1"), ("AB-3", "ab-3")],
)
def test_one_number_has_one_form(written: str, made: str) -> None:
    assert canonical(written) == made


@pytest.mark.parametrize(
    "text",
    [
        "这张图是什么意思",
        "What does this show?",
        "请看这张图，告诉我是什么问题、该怎么办。",
        "图里写了什么？",
        "怎么办？",
        "你好",
        "help me please",
    ],
)
def test_filler_words_ask_for_nothing(text: str) -> None:
    assert is_filler(text)


@pytest.mark.parametrize("text", ["退货要多久", "怎么开票", "is there a warranty", "PAY-4031"])
def test_a_question_with_a_subject_is_no_filler(text: str) -> None:
    assert not is_filler(text)


def test_traditional_characters_are_found_by_simplified_ones() -> None:
    assert normalise("請問退貨運費") == normalise("请问退货运费")
