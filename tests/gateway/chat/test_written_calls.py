"""A call that a model writes as text is made once more by name; nothing of it reaches the page."""

from typing import Any

import pytest

from gateway.assistant.persona import Persona
from gateway.chat.events import Chunk, Event, TextDelta
from gateway.chat.written_calls import CallWatch, RefusalWatch, written_call
from tests.support.tool_loop import ANSWER, TRACK, WAYBILL, Loop, outcome, said

OFFER = Persona().handoff_offer
NAMES = {"track", "cancel"}
CALL = f'{{"name": "track", "arguments": {{"waybill": "{WAYBILL}"}}}}'
CALLS = [
    (CALL, "track"),
    (f"```json\n{CALL}\n```", "track"),
    (f"```\n\n{CALL}", "track"),
    (f"<tool_call>\n{CALL}\n</tool_call>", "track"),
    (f"<tool_call>\n{CALL[:40]}", "track"),
    (f"[{CALL}]", "track"),
    (f"\n\n{CALL}\nLet me look.", "track"),
    ('{"type": "function", "function": {"name": "cancel", "parameters": {}}}', "cancel"),
    ('{"tool": "track"}', "track"),
    ('{"name": "refund_all", "arguments": {}}', ""),
    ("<tool_call>refund", ""),
]
PLAIN = [
    "",
    "[1]",
    "包裹已签收 [1]。\n{运单} 见上",
    '{"name": "Alice", "age": 3}',
    '{"answer": 1}',
    "```python\nprint(1)\n```\n",
    "`track` is a tool",
    "<b>bold</b>",
    "{" * 200,
]


def watched(text: str, step: int) -> tuple[str, str]:
    """(what may be shown at once, what is held at the end) of a text that comes in pieces."""
    watch, shown, held = CallWatch(), "", ""
    for start in range(0, len(text), step):
        piece = text[start : start + step]
        held += piece
        if not watch.feed(piece):
            shown, held = shown + held, ""
    return shown, held


@pytest.mark.parametrize("step", [1, 5, 10_000])
@pytest.mark.parametrize(("text", "name"), CALLS)
def test_a_call_is_held_from_its_first_character(text: str, name: str, step: int) -> None:
    shown, held = watched(text, step)
    assert not shown.strip()
    assert written_call(held, NAMES) == name


@pytest.mark.parametrize("step", [1, 5, 10_000])
@pytest.mark.parametrize("before", [" " * 80, "\n" * 500, "I look it up.\n" + " \t" * 100])
def test_a_call_behind_many_blanks_is_held(before: str, step: int) -> None:
    shown, held = watched(before + CALL, step)
    assert "{" not in shown
    assert written_call(held, NAMES) == "track"


@pytest.mark.parametrize("step", [1, 5])
def test_a_call_behind_other_words_is_held(step: int) -> None:
    shown, held = watched(f"I look it up.\n```json\n{CALL}\n```", step)
    assert "{" not in shown + held[:4]
    assert written_call(held, NAMES) == "track"


@pytest.mark.parametrize("step", [1, 5, 10_000])
@pytest.mark.parametrize("text", PLAIN)
def test_other_text_is_no_call(text: str, step: int) -> None:
    shown, held = watched(text, step)
    assert shown + held == text
    assert written_call(held, NAMES) is None


@pytest.mark.parametrize("digits", ["1" * 5000, "-" + "9" * 5000])
def test_a_number_of_any_length_is_no_error(digits: str) -> None:
    assert written_call(f'{{"name": {digits}}}', NAMES) is None
    assert written_call(f'{{"name": "track", "arguments": {{"n": {digits}}}}}', NAMES) == "track"


def test_an_answers_words_are_never_held() -> None:
    watch = CallWatch()
    assert not any(watch.feed(word) for word in ("Parcel", " [1]", ".\n", "\n- ", "{a}", "\n"))


def shown_by(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta | Chunk))


@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("text", [text for text, name in CALLS if name == "track"])
async def test_it_is_made_once_more_by_name(loop: Loop, text: str, is_whole: bool) -> None:
    events = await loop.ask({"text": text}, TRACK, ANSWER, is_whole=is_whole)
    assert loop.track.asked == [{"waybill": WAYBILL}]
    assert shown_by(events).strip() == said(events).strip() == ANSWER["text"].replace(" ", "")
    named = {"type": "function", "function": {"name": "track"}}
    assert [body["tool_choice"] for body in loop.bodies(3)] == ["auto", named, "auto"]
    assert loop.bodies(2)[0]["messages"] == loop.bodies(3)[0]["messages"], "asked the same again"


async def test_one_that_stays_text_is_refused_with_an_offer(loop: Loop) -> None:
    events = await loop.ask({"text": CALL}, {"text": CALL}, ANSWER)
    assert said(events) == "“查询物流”没有执行：没能正确发起。" + OFFER["zh"]
    assert (outcome(events), loop.track.asked) == ("handoff", [])


async def test_one_behind_a_result_lets_the_result_speak(loop: Loop) -> None:
    events = await loop.ask({"text": CALL}, TRACK, {"text": CALL})
    assert said(events) == "包裹运输中。已到杭州转运中心 14:05（查询物流，刚刚）"
    assert outcome(events) == "answered"


async def test_a_call_of_nothing_that_is_offered_is_asked_again_without_calls(loop: Loop) -> None:
    made_up = {"text": '{"name": "refund_all", "arguments": {}}'}
    events = await loop.ask(made_up, {"text": "您好"})
    assert said(events) == "您好"
    assert [body["tool_choice"] for body in loop.bodies(2)] == ["auto", "none"]
    again = await loop.ask(made_up, made_up)
    assert said(again) == "查询了多次，仍然没有得到结果。" + OFFER["zh"]


@pytest.mark.parametrize("text", [text for text in PLAIN if text.strip()])
async def test_text_that_only_begins_like_a_call_is_shown_whole(loop: Loop, text: str) -> None:
    events = await loop.ask({"text": text})
    assert said(events) == text.replace(" ", "")


REFUSAL = Persona().refusal["zh"]


@pytest.fixture
def numbered(loop: Loop) -> Loop:
    """The same, where the parcel's number has a form that a question is searched for."""
    loop.track.parameters["properties"]["waybill"]["pattern"] = r"^SF\d{13}$"
    return loop


@pytest.mark.parametrize("is_whole", [False, True])
async def test_a_refusal_where_a_read_fits_the_number_is_asked_for_that_read(
    numbered: Loop, is_whole: bool
) -> None:
    events = await numbered.ask({"text": REFUSAL}, TRACK, ANSWER, is_whole=is_whole)
    assert said(events) == ANSWER["text"].replace(" ", "")
    assert shown_by(events).strip() == said(events)
    named = {"type": "function", "function": {"name": "track"}}
    assert [body["tool_choice"] for body in numbered.bodies(3)] == ["auto", named, "auto"]
    reminded = numbered.bodies(1)[0]["messages"][1]["content"]
    assert f"运单号 {WAYBILL}" in reminded
    assert "track（查询物流）" in reminded


async def test_a_second_refusal_is_the_answer(numbered: Loop) -> None:
    events = await numbered.ask({"text": REFUSAL}, {"text": REFUSAL})
    assert (said(events), outcome(events)) == (REFUSAL, "no_clause")


async def test_a_refusal_behind_a_result_lets_the_result_speak(numbered: Loop) -> None:
    events = await numbered.ask({"text": REFUSAL}, TRACK, {"text": REFUSAL})
    assert said(events) == "包裹运输中。已到杭州转运中心 14:05（查询物流，刚刚）"
    assert outcome(events) == "answered"


async def test_a_refusal_without_a_number_is_the_answer(numbered: Loop) -> None:
    events = await numbered.ask({"text": REFUSAL}, ANSWER, text="我的包裹到哪了")
    assert said(events) == REFUSAL


def test_only_the_refusals_own_words_are_held() -> None:
    first = REFUSAL.split("。")[0] + "。"
    watch = RefusalWatch(REFUSAL)
    assert all(watch.feed(one) for one in ("\n", *REFUSAL)[1:])
    assert watch.is_refusal
    other = RefusalWatch(REFUSAL)
    assert [other.feed(one) for one in (first[:3], "包裹已签收。", first)] == [True, False, False]
    assert not other.is_refusal
    assert not RefusalWatch("").feed("")


async def test_the_end_of_a_call_that_is_cut_off_is_not_shown(loop: Loop) -> None:
    events = await loop.ask({"text": CALL[:-2], "last": CALL[-2:]}, TRACK, ANSWER)
    assert said(events) == ANSWER["text"].replace(" ", "")


async def test_a_clients_own_tool_as_text_is_the_clients(loop: Loop) -> None:
    own: list[Any] = [{"type": "function", "function": {"name": "own"}}]
    text = '{"name":"own","arguments":{}}'
    assert said(await loop.ask({"text": text}, tools=own)) == text
