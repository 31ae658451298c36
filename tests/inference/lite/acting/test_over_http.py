"""Calls of the company's systems, and their results, over the engine's own protocol."""

import json
from typing import Any

from tests.inference.lite.acting.conversations import desk_with
from tests.support.lite_client import ask, said, user
from tests.support.servers import Running

ORDER = "QH202611180042317"
CANCEL = {"name": "cancel_order", "arguments": {"order": ORDER}}


def _called(message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = [one["function"] for one in message["tool_calls"]]
    return [{**one, "arguments": json.loads(one["arguments"])} for one in calls]


def test_a_call_is_an_ordinary_tool_call(lite: Running) -> None:
    answer = ask(lite, user(f"取消订单 {ORDER}"), sightdesk=desk_with("cancel_order")).json()
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert _called(choice["message"]) == [CANCEL]
    assert "sightdesk" not in answer


def test_calls_of_one_round_have_their_own_ids_in_a_stream(lite: Running) -> None:
    question = user(f"SF1402857369214 和订单 {ORDER} 到哪了")
    answer = ask(lite, question, stream=True, sightdesk=desk_with())
    events = [json.loads(one[6:]) for one in answer.text.split("\n\n") if one.startswith("data: {")]
    choices = [one["choices"][0] for one in events if one["choices"]]
    calls = [call for one in choices for call in one["delta"].get("tool_calls", [])]
    assert [one["index"] for one in calls] == [0, 1]
    assert len({one["id"] for one in calls}) == 2
    assert choices[-1]["finish_reason"] == "tool_calls"


def test_a_result_ends_in_words_with_an_outcome(lite: Running) -> None:
    result = {
        "id": "call_1",
        "name": "cancel_order",
        "title": {"zh": "取消订单", "en": "Cancel an order"},
        "arguments": {"order": ORDER},
        "status": "proposed",
        "text": "",
        "values": {},
        "reason": "",
        "action": {"by": "staff", "arguments": {"order": ORDER}, "labels": {}, "before": None},
    }
    desk = desk_with("cancel_order", results=[result])
    answer = ask(lite, user(f"取消订单 {ORDER}"), sightdesk=desk)
    assert ORDER in said(answer)
    assert "还没有执行" in said(answer)
    assert answer.json()["sightdesk"] == {"outcome": "answered", "citations": []}


def test_a_tool_of_the_wrong_form_is_refused_by_name(lite: Running) -> None:
    desk = desk_with("cancel_order")
    desk["tools"][0]["effect"] = "maybe"
    answer = ask(lite, user("你好"), sightdesk=desk)
    assert answer.status_code == 400
    assert "sightdesk.tools.0.effect" in answer.json()["error"]["message"]
