"""Rules of `assistant.toml` that offer a person: when they hold, and what is wrong in them."""

from typing import Any

import pytest

from gateway.assistant.handoff_rules import HandoffRule
from gateway.assistant.persona import read_persona

INVOICE = {"kind": "invoice", "fields": [{"name": "amount", "value": "¥1,280.50"}]}
SMALL = {"kind": "invoice", "fields": [{"name": "amount", "value": "99.00"}]}
ORDER = {"kind": "order", "fields": [{"name": "amount", "value": "5000"}]}


def rule_of(when: str) -> HandoffRule:
    persona, problems = read_persona(f"[[handoff]]\nwhen = {when}")
    assert persona is not None
    assert problems == []
    (rule,) = persona.handoffs
    return rule


@pytest.mark.parametrize(
    ("when", "text", "own", "earlier", "holds"),
    [
        ('{words = ["投诉", "complain"]}', "我要投诉你们", [], [], True),
        ('{words = ["投诉", "complain"]}', "I will COMPLAIN.", [], [], True),
        ('{words = ["plain"]}', "I will complain", [], [], False),
        ('{words = ["投诉"]}', "怎么退货", [], [], False),
        ('{kind = "invoice"}', "这张票", [SMALL], [SMALL], True),
        ('{kind = "invoice"}', "这张单", [ORDER], [ORDER], False),
        ('{kind = "invoice"}', "还有呢", [], [INVOICE], False),
        ("{amount_over = 1000}", "看看", [INVOICE], [INVOICE], True),
        ("{amount_over = 1000}", "看看", [SMALL], [SMALL], False),
        ("{amount_over = 1000}", "我要退 2000 元", [], [], True),
        ("{amount_over = 1000}", "refund $1,500 please", [], [], True),
        ("{amount_over = 1000}", "订单 202611090078126", [], [], False),
        ('{kind = "invoice", amount_over = 1000}', "报销", [INVOICE], [INVOICE], True),
        ('{kind = "invoice", amount_over = 1000}', "报销", [SMALL, ORDER], [SMALL], False),
        ('{words = ["退"], kind = "invoice"}', "能退吗", [], [INVOICE], True),
        ('{words = ["退"], kind = "invoice"}', "能退吗", [ORDER], [INVOICE, ORDER], False),
        ('{words = ["退"], amount_over = 1000}', "能换吗", [INVOICE], [INVOICE], False),
    ],
)
def test_a_rule_holds_where_all_of_its_conditions_do(
    when: str,
    text: str,
    own: list[dict[str, Any]],
    earlier: list[dict[str, Any]],
    holds: bool,
) -> None:
    assert rule_of(when).holds(text, own, earlier) is holds


def test_a_rule_keeps_its_id_while_its_conditions_stay() -> None:
    first = rule_of('{words = ["投诉"], amount_over = 5}')
    assert rule_of('{amount_over = 5, words = ["投诉"]}').id == first.id
    assert rule_of('{words = ["投诉"], amount_over = 6}').id != first.id


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("handoff = 5", "handoff is no list"),
        ("[[handoff]]\nwords = ['x']", "handoff rule 1: when is missing"),
        ("[[handoff]]\nwhen = {}", "when is missing"),
        ("[[handoff]]\nwhen = {word = ['x']}", "'word' is not known here"),
        ("[[handoff]]\nwhen = {words = 'x'}", "words is no list"),
        ("[[handoff]]\nwhen = {words = ['']}", "words is no list"),
        ("[[handoff]]\nwhen = {kind = 'bill'}", "kind is none of waybill"),
        ("[[handoff]]\nwhen = {amount_over = '5'}", "amount_over is no number"),
        ("[[handoff]]\nwhen = {amount_over = true}", "amount_over is no number"),
        ("[[handoff]]\nwhen = {amount_over = nan}", "amount_over is no number"),
    ],
)
def test_a_wrong_rule_is_named_and_left_out_as_a_whole(text: str, problem: str) -> None:
    right = "\n[[handoff]]\nwhen = {words = ['ok']}" if text.startswith("[[") else ""
    persona, problems = read_persona(text + right)
    assert persona is not None
    assert problem in problems[0]
    assert [one.words for one in persona.handoffs] == ([("ok",)] if right else [])
