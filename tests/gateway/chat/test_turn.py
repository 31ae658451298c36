"""A turn may ask the engine more than once: what the client gets is one answer."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.chat.events import Event, ToolProgress, Usage
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import StreamWriter
from gateway.chat.tool_rounds import ToolRounds
from gateway.chat.transcript import Transcript
from tests.support.asking import Asking
from tests.support.servers import Running
from tests.support.tools import Proposals, StubTool, StubTools

CALL = {"id": "call_1", "type": "function", "function": {"name": "find_parcel", "arguments": "{}"}}


def finding(name: str = "find_parcel") -> ToolRounds:
    """The tool that the fake engine calls, or another one."""
    return ToolRounds(StubTools([StubTool(name, required=())]), Proposals(), max_rounds=4)


@pytest.fixture
async def asking(engine: Running, empty_folder: Path) -> AsyncIterator[Asking]:
    asking = Asking(engine, empty_folder)
    yield asking
    assert asking.upstream.inflight == 0
    asking.client.close()


def completion(events: Sequence[Event]) -> dict[str, Any]:
    writer = CompletionWriter()
    writer.push(events)
    return writer.completion()


def streamed(events: Sequence[Event]) -> list[dict[str, Any]]:
    writer = StreamWriter("a", "sightdesk", wants_extras=False, wants_usage=True)
    return [json.loads(event[6:]) for event in writer.encode(events)]


@pytest.mark.parametrize("is_whole", [False, True])
async def test_two_rounds_are_one_answer(asking: Asking, engine: Running, is_whole: bool) -> None:
    events = await asking.ask("call", finding(), is_whole=is_whole)
    said = "你 one moment你!"
    assert [event.status for event in events if isinstance(event, ToolProgress)] == [
        *("running", "done")
    ]
    usage = {"prompt_tokens": 22, "completion_tokens": 8, "total_tokens": 30}
    told = completion(events)
    assert told["choices"][0]["message"] == {"role": "assistant", "content": said}
    assert told["usage"] == usage
    transcript = Transcript()
    transcript.push(events)
    kept = transcript.answered(stopped=False)
    assert (kept.state, kept.text) == ("done", said)
    assert sum(isinstance(event, Usage) for event in events) == 1
    assert (asking.report.prompt_tokens, asking.report.completion_tokens) == (22, 8)
    first, second = requests.get(engine.url + "/state", timeout=5).json()["bodies"][-2:]
    asked, call, result = second["messages"][-3:]
    assert second["messages"][:-2] == first["messages"]
    assert asked == first["messages"][-1]
    assert call == {"role": "assistant", "content": "你 one moment", "tool_calls": [CALL]}
    assert (result["role"], result["tool_call_id"]) == ("tool", "call_1")
    assert "运输中" in result["content"]
    if not is_whole:
        sent = streamed(events)
        assert sent[-1]["usage"] == usage
        deltas = [one["choices"][0] for one in sent[:-1]]
        assert "".join(one["delta"].get("content", "") for one in deltas) == said
        assert not any("tool_calls" in one["delta"] or one["finish_reason"] for one in deltas)


async def test_a_clients_own_call_comes_back_as_it_was(asking: Asking) -> None:
    """With tools of ours beside it, and without."""
    own = [{"type": "function", "function": {"name": "find_parcel"}}]
    held = await asking.ask("call", finding("track"), is_whole=False, tools=own)
    plain = await asking.ask("call", None, is_whole=False, tools=own)
    assert completion(held) == completion(plain)
    (choice,) = completion(plain)["choices"]
    assert choice["message"]["tool_calls"] == [CALL]
    assert choice["finish_reason"] == "tool_calls"


async def test_the_raw_model_has_one_round(asking: Asking) -> None:
    events = await asking.ask("call", finding(), is_whole=True, model="fake-vl")
    assert completion(events)["choices"][0]["message"]["tool_calls"] == [CALL]


def test_the_pages_stream_its_json_and_its_history_say_the_same(gateway: Running) -> None:
    with requests.Session() as me:
        me.get(gateway.url + "/api/config", timeout=5)
        asked: dict[str, Any] = {
            "model": "sightdesk",
            "messages": [{"role": "user", "content": "七天无理由退货怎么办 cites"}],
        }
        whole = me.post(
            gateway.url + "/api/chat", json={**asked, "stream": False}, timeout=20
        ).json()
        stream = me.post(gateway.url + "/api/chat", json={**asked, "stream": True}, timeout=20)
        lines = [line[6:] for line in stream.content.split(b"\n\n") if line.startswith(b"data: ")]
        assert lines.pop() == b"[DONE]"
        told = [json.loads(line) for line in lines]
        extras: dict[str, Any] = {}
        for one in told:
            extras |= one.get("sightdesk", {})
        text = "".join(one["choices"][0]["delta"]["content"] for one in told if one["choices"])
        assert whole["choices"][0]["message"]["content"] == text
        assert text == "你可以退货 [1]，共 9999 元。!"
        assert len(extras["citations"]) == 1
        assert extras["grounding"] == {"supported": False, "unsupported": ["9999 元"]}
        assert extras["outcome"] == "answered"
        for found in (extras, whole["sightdesk"]):
            conversation = found["conversation"]["id"]
            history = me.get(f"{gateway.url}/api/conversations/{conversation}", timeout=5).json()
            question, answer = history["messages"]
            assert question["id"] == found["conversation"]["turn"]
            assert (answer["id"], answer["state"]) == (found["answer"]["id"], "done")
            assert answer["text"] == text
            assert answer["model"] == whole["model"] == "fake-vl"
            for name in ("citations", "grounding", "outcome"):
                assert answer[name] == extras[name] == whole["sightdesk"][name]
