"""A field that a person corrected wins over what the picture says."""

import json
from typing import Any

import pytest

from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import Desk
from inference.lite.tools import calls
from tests.inference.lite.answering.conversations import paper

RIGHT, READ = "QH202611180042317", "QH202611180042311"


def called_with(text: str, parameter: dict[str, Any], *earlier: Turn) -> Any:
    """The argument of the one call to a tool that wants an order number."""
    parameters = {"type": "object", "properties": {"order_number": parameter}}
    tool = {
        "type": "function",
        "function": {
            "name": "query_order",
            "description": "查询订单",
            "parameters": {**parameters, "required": ["order_number"]},
        },
    }
    turns = [*earlier, Turn("user", text, [] if earlier else [paper("corrected_order")])]
    (call,) = calls({"tools": [tool]}, Conversation(turns, Desk()))
    return json.loads(call["arguments"])["order_number"]


@pytest.mark.parametrize(
    "parameter",
    [{"type": "string", "description": "订单号"}, {"type": "string", "pattern": r"^QH\d{15}$"}],
    ids=["by name", "by pattern"],
)
class TestTheArgumentOfATool:
    def test_is_the_corrected_value(self, parameter: dict[str, Any]) -> None:
        assert called_with("查询订单", parameter) == RIGHT

    def test_is_the_corrected_value_in_later_turns_too(self, parameter: dict[str, Any]) -> None:
        earlier = Turn("user", "看看", [paper("corrected_order")])
        assert called_with("查询订单", parameter, earlier) == RIGHT

    def test_is_another_number_that_the_question_itself_names(
        self, parameter: dict[str, Any]
    ) -> None:
        asked = "查询订单，订单号 QH202611180049999"
        assert called_with(asked, parameter) == "QH202611180049999"


def test_the_number_that_was_read_is_not_offered_first() -> None:
    turns = [Turn("user", "查询订单", [paper("corrected_order")])]
    known = [one.value for one in Conversation(turns, Desk()).known_fields()]
    assert known[0] == RIGHT
    assert READ not in known
