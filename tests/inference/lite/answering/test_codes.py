"""A code is one word."""

import pytest

from inference.lite.answering.codes import names, without_others
from inference.lite.budget import Budget


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PAY-4031 表示限额已满", "PAY-4031"),
        ("代码PAY-4031表示", "PAY-4031"),
        ("PAY_4031 and PAY 4031", "pay-4031"),
        ("密码错误：AUTH423", "AUTH-423"),
        ("网关错误：HTTP 502、503、504", "HTTP ERROR 503"),
        ("IRQL_NOT_LESS_OR_EQUAL", "IRQL NOT LESS OR EQUAL"),
    ],
)
def test_a_code_is_found_however_it_is_written(text: str, code: str) -> None:
    assert names(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PAY-4031 表示限额已满", "PAY-403"),
        ("PAY-4031 表示限额已满", "PAY-9999"),
        ("PAY-4031 表示限额已满", "4031-PAY"),
        ("APP-10061", "APP-1006"),
        ("订单 502 号", "HTTP ERROR 502"),
        ("", "PAY-1"),
    ],
)
def test_a_part_of_a_code_is_another_code(text: str, code: str) -> None:
    assert not names(text, code)


def test_the_clause_of_a_code_serves_another_picture_only_by_its_symptom() -> None:
    clause = {"title": "故障排查 · 数据加载失败：APP-1006", "text": "清除缓存。"}
    for about, serves in (("网络不给力 连接超时", []), ("数据 加载失败", [clause])):
        assert without_others([clause], [], Budget(), about) == serves
