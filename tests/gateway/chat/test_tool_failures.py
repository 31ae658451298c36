"""Whatever goes wrong with a tool ends in an honest sentence, and never in a loop."""

import json

import pytest

from gateway.assistant.language import Language
from gateway.assistant.persona import Persona
from gateway.chat.events import Grounding
from gateway.connectors.tool import Done, Refused, Unsure
from tests.support.tool_loop import (
    ANSWER,
    TRACK,
    WAYBILL,
    Loop,
    call,
    outcome,
    progress,
    said,
)
from tests.support.tools import SENT

OFFER = Persona().handoff_offer


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (Unsure("read timeout", "timeout"), "“查询物流”没有成功：该系统没有及时回应。"),
        (Refused("connect: refused", "unreachable"), "“查询物流”没有成功：暂时连不上该系统。"),
        (
            Refused("no [such](http://x) parcel.", "refused"),
            "“查询物流”没有成功：对方系统没有受理（no such (http://x) parcel）。",
        ),
        (Unsure("?", "a new kind"), "“查询物流”没有成功：与该系统的连接中断。"),
    ],
)
async def test_a_failing_system_ends_in_an_honest_sentence_and_an_offer(
    loop: Loop, failure: Refused | Unsure, sentence: str
) -> None:
    loop.track.outcomes = [failure]
    events = await loop.ask(TRACK, {"text": "已签收"})
    assert said(events) == sentence + OFFER["zh"]
    assert outcome(events) == "handoff"
    assert [event.status for event in progress(events)] == ["running", "failed"]
    (grounding,) = [event for event in events if isinstance(event, Grounding)]
    assert grounding.supported


@pytest.mark.parametrize(
    ("question", "language", "told"),
    [
        (f"{WAYBILL} 到哪了", "zh", f"“查询物流”：没有查到 {WAYBILL} 的记录。"),
        (f"Where is {WAYBILL} now?", "en", f'"Track": nothing was found for {WAYBILL}. '),
    ],
)
async def test_a_record_that_is_not_there_is_told_with_what_was_asked_for(
    loop: Loop, question: str, language: Language, told: str
) -> None:
    loop.track.outcomes = [Refused("nothing was found", "not_found")]
    events = await loop.ask(TRACK, {"text": "已签收"}, text=question)
    assert said(events) == told + OFFER[language]
    assert outcome(events) == "handoff"
    (grounding,) = [event for event in events if isinstance(event, Grounding)]
    assert grounding.supported


async def test_a_missing_record_beside_a_result_is_told_to_person_and_model(loop: Loop) -> None:
    loop.track.outcomes = [Done(dict(SENT)), Refused("nothing was found", "not_found")]
    calls = [call("track", waybill="SF1"), call("track", waybill="SF2")]
    events = await loop.ask({"calls": calls}, ANSWER)
    assert said(events).startswith("“查询物流”：没有查到 SF2 的记录。\n\n已到杭州")
    told = loop.bodies(1)[0]["messages"][-1]["content"]
    assert "系统里没有这条记录" in told


async def test_one_failure_beside_a_result_is_said_and_the_answer_goes_on(loop: Loop) -> None:
    loop.track.outcomes = [Done(dict(SENT)), Unsure("", "server_error")]
    calls = [call("track", waybill="SF1"), call("track", waybill="SF2")]
    events = await loop.ask({"calls": calls}, ANSWER)
    assert said(events).startswith("“查询物流”没有成功：该系统内部出错。\n\n已到杭州")
    assert outcome(events) == "answered"


async def test_three_identical_calls_end_the_loop(loop: Loop) -> None:
    events = await loop.ask(*[TRACK] * 6)
    assert len(loop.track.asked) == 1
    assert said(events) == "查询了多次，仍然没有得到结果。" + OFFER["zh"]
    assert outcome(events) == "handoff"


async def test_the_round_limit_ends_the_loop(loop: Loop) -> None:
    loop.max_rounds = 2
    rounds = [{"calls": [call("track", waybill=f"SF{number}")]} for number in range(9)]
    events = await loop.ask(*rounds)
    assert len(loop.track.asked) == 2
    assert said(events).endswith(OFFER["zh"])
    choices = [body["tool_choice"] for body in loop.bodies(3)]
    assert choices == ["auto", "auto", "none"]
    assert "不能再调用工具" in loop.bodies(1)[0]["messages"][-1]["content"]


async def test_what_is_missing_is_asked_for_once(loop: Loop) -> None:
    events = await loop.ask({"calls": [call("track")]}, text="我的包裹到哪了")
    assert (said(events), outcome(events)) == ("请提供运单号。", "clarify")
    before = (
        {"role": "user", "content": "我的包裹到哪了"},
        {"role": "assistant", "content": said(events)},
    )
    again = await loop.ask({"calls": [call("track")]}, text="就是到哪了", before=before)
    assert (said(again), outcome(again)) == (OFFER["zh"], "handoff")
    assert loop.track.asked == []


async def test_a_number_that_nobody_said_is_asked_for(loop: Loop) -> None:
    made_up = {"calls": [call("track", waybill="SF9999999999999")]}
    events = await loop.ask(made_up, text="我的包裹到哪了")
    assert (said(events), loop.track.asked) == ("请提供运单号。", [])


@pytest.mark.parametrize("wrong", ["{not json", "[1]", '{"waybill": 5}'])
async def test_a_wrong_call_is_repaired_once_by_name(loop: Loop, wrong: str) -> None:
    bad = {"calls": [call("track", arguments=wrong)]}
    events = await loop.ask(bad, TRACK, ANSWER)
    assert loop.track.asked == [{"waybill": WAYBILL}]
    assert outcome(events) == "answered"
    named = {"type": "function", "function": {"name": "track"}}
    assert [body["tool_choice"] for body in loop.bodies(3)] == ["auto", named, "auto"]
    for message in loop.bodies(2)[0]["messages"]:
        for one in message.get("tool_calls", ()):
            assert isinstance(json.loads(one["function"]["arguments"]), dict)


async def test_a_call_that_stays_wrong_is_refused_honestly(loop: Loop) -> None:
    bad = {"calls": [call("track", waybill=5)]}
    events = await loop.ask(bad, bad, ANSWER)
    assert said(events) == "“查询物流”需要的运单号不对，请核对后再发一次。"
    assert outcome(events) == "clarify"
    assert loop.track.asked == []


async def test_a_tool_that_does_not_exist_is_refused(loop: Loop) -> None:
    events = await loop.ask({"calls": [call("refund_all")]}, ANSWER)
    assert "没有这个工具" in loop.bodies(1)[0]["messages"][-1]["content"]
    assert said(events)


async def test_a_model_without_a_word_is_asked_once_more_without_calls(loop: Loop) -> None:
    events = await loop.ask({"text": ""}, {"text": "您好"})
    assert said(events) == "您好"
    assert [body["tool_choice"] for body in loop.bodies(2)] == ["auto", "none"]


async def test_a_model_without_a_word_behind_a_result_lets_the_result_speak(loop: Loop) -> None:
    events = await loop.ask(TRACK, {"text": ""})
    assert said(events) == "包裹运输中。已到杭州转运中心 14:05（查询物流，刚刚）"
    assert outcome(events) == "answered"
