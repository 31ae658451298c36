"""The embedded engine over HTTP."""

import json
from typing import Any

import pytest
import requests

from inference.lite.fields import fields_in
from tests.support.lite_client import ask, said, user
from tests.support.paths import SCREENS
from tests.support.screens import picture_message, screen
from tests.support.servers import Running

ORDER_TOOL = {
    "type": "function",
    "function": {
        "name": "query_order",
        "description": "查询订单 order status",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string", "pattern": r"^QH\d{15}$"}},
            "required": ["order_id"],
        },
    },
}
CLAUSE = {
    "id": "a",
    "title": "借阅规则",
    "clause": "4.2",
    "text": "逾期每天收 0.5 元。",
    "score": 9.0,
}


def test_it_says_that_it_is_no_language_model(lite: Running) -> None:
    model = requests.get(lite.url + "/v1/models", timeout=5).json()["data"][0]
    assert model["id"] == "sightdesk-lite"
    assert "no language model" in model["description"]
    assert "不是大语言模型" in said(ask(lite, user("你是谁"), sightdesk={"clauses": []}))
    assert "不是大语言模型" in said(ask(lite, user("你好")))


def test_it_quotes_the_clause_it_is_handed_by_name(lite: Running) -> None:
    answer = said(ask(lite, user("逾期怎么收费?"), sightdesk={"clauses": [CLAUSE]}))
    assert "借阅规则" in answer
    assert "4.2" in answer
    assert "0.5 元" in answer


@pytest.mark.parametrize("stream", [False, True])
def test_it_tells_the_gateway_what_its_answer_rests_on(lite: Running, stream: bool) -> None:
    given = {"clauses": [CLAUSE], "verdict": "answer", "intent": "question"}
    answer = ask(lite, user("逾期怎么收费?"), sightdesk=given, stream=stream)
    told = {"outcome": "answered", "citations": ["a"]}
    if not stream:
        assert answer.json()["sightdesk"] == told
        return
    events = [json.loads(line[6:]) for line in answer.text.split("\n") if line[:7] == "data: {"]
    assert [one.get("sightdesk") for one in events[:-1]] == [None] * (len(events) - 1)
    assert events[-1]["sightdesk"] == told
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_it_tells_a_client_of_the_raw_model_nothing_besides(lite: Running) -> None:
    assert "sightdesk" not in ask(lite, user("逾期怎么收费?")).json()


def test_without_a_clause_it_says_so(lite: Running) -> None:
    assert "没有找到" in said(ask(lite, user("逾期怎么收费?"), sightdesk={"clauses": []}))
    assert "no clause" in said(ask(lite, user("What does it cost?"), sightdesk={"clauses": []}))


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("waybill", "waybill_number", "SF1402857369214"),
        ("waybill", "order_number", "QH202611180042317"),
        ("order", "waybill_number", "YT8836201457790"),
        ("invoice", "invoice_number", "26332000000187405931"),
        ("invoice", "amount", "¥1600.01"),
        ("payment-failed", "error_code", "PAY-4031"),
        ("app-error", "error_code", "APP-1006"),
        ("browser-error", "error_code", "ERR_CONNECTION_TIMED_OUT"),
        ("browser-error-en", "error_code", "DNS_PROBE_FINISHED_NXDOMAIN"),
    ],
)
def test_fields_are_read_exactly(lite: Running, name: str, field: str, value: str) -> None:
    data = (SCREENS / f"{name}.png").read_bytes()
    reading = requests.post(
        lite.url + "/v1/read", data=data, headers={"content-type": "image/png"}, timeout=60
    ).json()
    assert (field, value) in [(one["name"], one["value"]) for one in reading["fields"]]
    assert all(len(line["box"]) == 4 for line in reading["lines"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("运单号:78120 34567 8901", [("waybill_number", "78120345678901")]),
        ("订单编号: AB-2026-99812,请查", [("order_number", "AB-2026-99812")]),
        ("my order number is LK-2026-004471.", [("order_number", "LK-2026-004471")]),
        ("支付金额:¥1,299.00", [("amount", "¥1,299.00")]),
        ("电话 138****2046", [("phone", "138****2046")]),
        ("页面显示 HTTP ERROR 502", [("error_code", "HTTP ERROR 502")]),
        ("错误代码:E10023", [("error_code", "E10023")]),
        ("退货流程是什么", []),
    ],
)
def test_fields_are_found_in_typed_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(field.name, field.value) for field in fields_in(text)] == expected


def test_read_takes_a_form_and_json_too(lite: Running) -> None:
    data = (SCREENS / "app-error.png").read_bytes()
    form = requests.post(lite.url + "/v1/read", files={"file": ("a.png", data)}, timeout=60).json()
    sent = requests.post(
        lite.url + "/v1/read", json={"image": screen("app-error")}, timeout=60
    ).json()
    assert form == sent


def test_a_reading_that_is_partial_is_never_told_as_if_it_were_whole(lite: Running) -> None:
    line = {"text": "ERROR PAY-1042", "box": [0, 0, 100, 20], "confidence": 1}
    pages = [{"lines": [line], "partial": False}, {"lines": [], "partial": True}]
    message = picture_message("what does it say?", screen("order"), screen("waybill"))
    answer = said(ask(lite, message, sightdesk={"clauses": [], "readings": pages}))
    assert "PAY-1042" in answer
    assert "Picture 2 has not been read yet" in answer
    whole = said(ask(lite, message, sightdesk={"clauses": [], "readings": [pages[0]] * 2}))
    assert "has not been read" not in whole
    assert "Only a part" not in whole
    halved = [{**pages[0], "partial": True}, pages[0]]
    assert "Only a part of picture 1 has been read so far (up to “ERROR PAY-1042”)" in said(
        ask(lite, message, sightdesk={"clauses": [], "readings": halved})
    )


def test_two_versions_of_a_contract_become_a_table_of_what_changed(lite: Running) -> None:
    message = picture_message("这两份合同有什么不同?", screen("contract-v1"), screen("contract-v2"))
    answer = said(ask(lite, message, sightdesk={"clauses": []}))
    assert answer.count("\n| ") == 8  # the head, its rule, and six changed lines
    told = answer.replace(" ", "").replace("*", "")  # what changed is bold
    for one, two in (
        ("180", "195"),
        ("15个", "30个"),
        ("24小时", "12小时"),
        ("一年", "两年"),
        ("100元", "150元"),
    ):
        row = next(line for line in told.splitlines() if one in line)
        assert two in row


def test_an_order_number_of_the_first_turn_is_known_in_the_seventh(lite: Running) -> None:
    turns: list[object] = [user("我的订单号是 QH202611180042317,还没收到")]
    for number in range(5):
        turns += [
            {"role": "assistant", "content": "好的"},
            user(f"第 {number} 个别的问题:几点上班?"),
        ]
    turns += [{"role": "assistant", "content": "好的"}, user("我的订单号是多少?")]
    assert "QH202611180042317" in said(ask(lite, *turns, sightdesk={"clauses": []}))


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_when_its_parameter_stands_in_the_question(
    lite: Running, stream: bool
) -> None:
    answer = ask(lite, user("帮我查询订单 QH202611180042317"), tools=[ORDER_TOOL], stream=stream)
    assert "QH202611180042317" in answer.text
    assert "tool_calls" in answer.text


def test_a_tool_is_called_for_the_number_in_the_picture(lite: Running) -> None:
    parameters = {
        "type": "object",
        "properties": {"no": {"type": "string", "pattern": r"^SF\d{13}$"}},
        "required": ["no"],
    }
    tool = {"type": "function", "function": {"name": "track", "parameters": parameters}}
    call = ask(lite, picture_message("到哪了?", screen("waybill")), tools=[tool]).json()["choices"][
        0
    ]
    assert call["finish_reason"] == "tool_calls"
    assert json.loads(call["message"]["tool_calls"][0]["function"]["arguments"]) == {
        "no": "SF1402857369214"
    }


def test_a_tool_is_not_called_for_another_question(lite: Running) -> None:
    turns = [
        user("订单 QH202611180042317"),
        {"role": "assistant", "content": "好的"},
        user("退货流程是什么?"),
    ]
    answer = ask(lite, *turns, tools=[ORDER_TOOL], sightdesk={"clauses": []}).json()
    assert "tool_calls" not in answer["choices"][0]["message"]


def test_stop_and_max_tokens_end_an_answer(lite: Running) -> None:
    cut = ask(lite, user("逾期怎么收费?"), sightdesk={"clauses": [CLAUSE]}, max_tokens=3).json()
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 3)
    assert "4.2" not in said(
        ask(lite, user("逾期怎么收费?"), sightdesk={"clauses": [CLAUSE]}, stop="4.2")
    )


def test_a_stream_says_the_same_as_the_whole(lite: Running) -> None:
    body = {"sightdesk": {"clauses": [CLAUSE]}}
    streamed = ask(
        lite, user("逾期怎么收费?"), stream=True, stream_options={"include_usage": True}, **body
    )
    events = [
        json.loads(line[6:]) for line in streamed.text.split("\n") if line.startswith("data: {")
    ]
    words = "".join(
        event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"]
    )
    assert words == said(ask(lite, user("逾期怎么收费?"), **body))
    assert events[-1]["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [user("a")], "stream_options": "x"},
        {"messages": [user("a")], "tools": ["x"]},
        {"messages": [user("a")], "tools": 5},
        {"messages": [user("a")], "stop": 5},
        {"messages": [user("a")], "max_tokens": 0},
        {"messages": [user("a")], "response_format": "json"},
        {"messages": [user("a")], "sightdesk": {"clauses": ["x"]}},
        {"messages": [user("a")], "sightdesk": {"readings": [5]}},
        {"messages": [picture_message("a", "nope")]},
        {"messages": [picture_message("a", "data:image/png;base64,aGVsbG8=")]},
    ],
)
def test_a_bad_body_is_a_400_in_openais_words(lite: Running, body: dict[str, Any]) -> None:
    answer = requests.post(lite.url + "/v1/chat/completions", json=body, timeout=20)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code", "details"}
