"""Which tools a model is reminded of: those that a number of the question or a picture fits."""

from typing import Any

import pytest

from gateway.assistant.tool_hints import NO_HINT, hint
from tests.support.tools import StubTool

WAYBILL, ORDER = "SF1402857369214", "QH202611090078126"
SHOWN = {"fields": [{"name": "waybill_number", "value": WAYBILL, "valid": True}]}


def tool(name: str, pattern: str, effect: Any = "read", required: str = "order") -> StubTool:
    made = StubTool(name, effect, {"zh": f"标题 {name}"}, required=(required,), field_of={})
    made.parameters["properties"][required]["pattern"] = pattern
    return made


TRACK = tool("track", r"^SF\d{13}$", required="waybill")
TRACK.field_of = {"waybill": "waybill_number"}
CANCEL, STATUS = tool("cancel", r"^QH\d{15}$", "write"), tool("status", r"^QH\d{15}$")
TOOLS = [CANCEL, STATUS, TRACK]


def test_a_number_fits_the_tools_that_take_its_form_and_reads_come_first() -> None:
    told = hint(TOOLS, f"订单 {ORDER} 呢？", [], "zh")
    assert told.tools == "status（标题 status）、cancel（标题 cancel）"
    assert (told.values, told.look) == (f"订单号 {ORDER}", "status")


def test_a_picture_gives_a_number_too() -> None:
    told = hint(TOOLS, "到哪了", [SHOWN], "zh")
    assert (told.values, told.look) == (f"运单号 {WAYBILL}", "track")
    wrong = {"fields": [{**SHOWN["fields"][0], "valid": False}]}
    assert hint(TOOLS, "到哪了", [wrong], "zh") == NO_HINT


@pytest.mark.parametrize(
    ("question", "language", "look"),
    [
        ("我的包裹到哪了", "zh", "track"),
        ("订单发货了吗", "zh", "status"),
        ("where is my parcel", "en", "track"),
        ("什么时候能到", "zh", ""),
        (f"我的包裹 {ORDER}", "zh", "status"),  # a number that is typed goes first
    ],
)
def test_of_two_reads_of_a_picture_the_questions_words_tell_which(
    question: str, language: Any, look: str
) -> None:
    order, parcel = tool("status", r"^QH\d{15}$"), tool("track", r"^SF\d{13}$")
    order.field_of = {"order": "order_number"}
    parcel.field_of = {"order": "waybill_number"}
    order.description = {"zh": "订单的状态，发货没有", "en": "An order and elsewhere"}
    parcel.description = {"zh": "包裹的轨迹", "en": "The scan of a parcel"}
    both = [*SHOWN["fields"], {"name": "order_number", "value": ORDER}]
    told = hint([order, parcel], question, [{"fields": both}], language)
    assert told.look == look
    assert told.tools.startswith(look)


def test_of_two_reads_none_is_the_look() -> None:
    told = hint([*TOOLS, tool("other", r"^QH\d+$")], f"{ORDER}?", [], "en")
    assert told.look == ""
    assert told.tools.startswith("status (标题 status), other (标题 other), ")


@pytest.mark.parametrize("question", ["到哪了？", "QH2026", "about tracking waybills", ""])
def test_without_a_number_nothing_is_known_to_fit(question: str) -> None:
    assert hint(TOOLS, question, [], "zh") == NO_HINT


def test_a_number_that_fits_every_tool_tells_nothing() -> None:
    many = [tool(f"t{number}", r"^\w+$") for number in range(20)]
    assert hint(many, ORDER, [], "zh") == NO_HINT


def test_a_pattern_that_cannot_run_fits_nothing() -> None:
    assert hint([tool("odd", "(")], ORDER, [], "zh") == NO_HINT
