"""A stream collected into one completion equals the engine's own answer without streaming."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gateway.chat.event_parser import EventParser
from gateway.chat.events import Event
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.stream_stats import StreamStats
from gateway.upstream.client import Broken
from tests.support.servers import Running, running_lite

TOOL = {
    "type": "function",
    "function": {
        "name": "find_parcel",
        "description": "Finds a parcel by its order number.",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "string", "x-field": "order_number"}},
            "required": ["order"],
        },
    },
}
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
ASKED: dict[str, dict[str, Any]] = {
    "text": {},
    "cut": {"max_tokens": 3},
    "a tool": {"tools": [TOOL], "tool_choice": "required"},
    "JSON": {"response_format": {"type": "json_object"}},
    "a schema": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "order", "schema": SCHEMA},
        }
    },
}


@pytest.fixture(scope="module")
def lite() -> Iterator[Running]:
    with running_lite() as engine:
        yield engine


def collected(stream: bytes, piece: int = 0) -> tuple[dict[str, Any], StreamStats]:
    stats = StreamStats(0.0)
    parser, writer = EventParser(stats, whole=True), CompletionWriter()
    events: list[Event] = []
    for start in range(0, len(stream), piece or len(stream)):
        events += parser.feed(stream[start : start + (piece or len(stream))])
        if stats.error is not None:
            raise stats.error
    writer.push(events + parser.end())
    return writer.completion(), stats


def said(choices: list[dict[str, Any]], **more: Any) -> bytes:
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 5, "model": "m"}
    return b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n"


def delta(finish: str | None = None, **delta: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish}]


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    """Two answers have ids and times of their own."""
    for choice in answer["choices"]:
        for call in choice["message"].get("tool_calls", ()):
            assert call.pop("id").startswith("call_")
    return {name: value for name, value in answer.items() if name not in ("id", "created")}


@pytest.mark.parametrize("wanted", ASKED)
def test_both_forms_of_lites_answers_are_the_same(lite: Running, wanted: str) -> None:
    question = {"role": "user", "content": "订单号：QH202611090078126，包裹在哪里？"}
    asked: dict[str, Any] = {
        "model": "sightdesk-lite",
        "messages": [question],
        "seed": 1,
        **ASKED[wanted],
    }
    url = lite.url + "/v1/chat/completions"
    whole = requests.post(url, json=asked, timeout=20)
    streamed: dict[str, Any] = {**asked, "stream": True, "stream_options": {"include_usage": True}}
    stream = requests.post(url, json=streamed, timeout=20).content
    assert whole.status_code == 200
    assert bool(whole.json()["choices"][0]["message"].get("tool_calls")) == (wanted == "a tool")
    for piece in (0, 1, 100):
        assert without_ids(collected(stream, piece)[0]) == without_ids(whole.json())


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["LF", "CRLF"])
def test_what_vllm_tells_in_a_stream_stands_in_the_answer(end: bytes) -> None:
    def logprobs(token: str) -> dict[str, Any]:
        return {"content": [{"token": token, "logprob": -0.1, "bytes": None, "top_logprobs": []}]}

    def call(index: int, **function: Any) -> dict[str, Any]:
        return {"index": index, "function": function}

    first, last = "日", "本"
    stream = (
        said(delta(role="assistant", content=""), system_fingerprint=None)
        + b": a comment\n\n"
        + said(delta(reasoning_content="think"))
        + said(delta(reasoning_content="ing"))
        + said([{**delta(content=first)[0], "logprobs": logprobs(first)}], system_fingerprint="fp")
        + said([{**delta(content=last)[0], "logprobs": logprobs(last)}])
        + said(
            delta(
                tool_calls=[{"id": "call_1", "type": "function", **call(0, name="f", arguments="")}]
            )
        )
        + said(
            delta(
                tool_calls=[
                    {"id": "call_2", "type": "function", **call(1, name="g", arguments='{"b"')}
                ]
            )
        )
        + said(delta(tool_calls=[call(0, arguments='{"a":')]))
        + said(delta(tool_calls=[call(0, arguments=" 1}"), call(1, arguments=": 2}")]))
        + said([{"index": 0, "delta": {}, "finish_reason": "tool_calls", "stop_reason": 7}])
        + said([], usage=USAGE, system_fingerprint="fp")
        + DONE
    ).replace(b"\n\n", end)
    for piece in (0, 1, 50):
        answer, stats = collected(stream, piece)
        calls = [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "f", "arguments": '{"a": 1}'},
            },
            {
                "id": "call_2",
                "type": "function",
                "function": {"name": "g", "arguments": '{"b": 2}'},
            },
        ]
        assert answer == {
            "id": "chatcmpl-7",
            "object": "chat.completion",
            "created": 5,
            "model": "m",
            "system_fingerprint": "fp",
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": "日本",
                        "reasoning_content": "thinking",
                        "tool_calls": calls,
                    },
                    "logprobs": {"content": logprobs(first)["content"] + logprobs(last)["content"]},
                    "finish_reason": "tool_calls",
                    "stop_reason": 7,
                }
            ],
            "usage": USAGE,
        }
        assert stats.usage == USAGE
        assert stats.done


def test_a_message_that_only_calls_has_no_content_and_an_empty_one_an_empty_text() -> None:
    called = said(delta(role="assistant", content="")) + said(
        delta(
            "tool_calls",
            tool_calls=[{"index": 0, "id": "1", "type": "function", "function": {"name": "f"}}],
        )
    )
    assert collected(called + DONE)[0]["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}],
    }
    silent = said(delta(role="assistant", content="")) + said(delta("stop")) + DONE
    assert collected(silent)[0]["choices"][0]["message"] == {"role": "assistant", "content": ""}


def test_nothing_counts_after_the_end() -> None:
    answer, _ = collected(said(delta(content="a")) + DONE + said(delta(content="b")) + DONE)
    assert answer["choices"][0]["message"]["content"] == "a"


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (b"", "garbage"),
        (b"<html>It works!</html>", "garbage"),
        (b'["not", "a completion"]\n\n', "garbage"),
        (b'data: ["not", "a completion"]\n\n' + DONE, "garbage"),
        (said([], usage=USAGE) + DONE, "garbage"),
        (b'data: {"choices": 5}\n\n' + DONE, "garbage"),
        (b'data: {"choices": [5]}\n\n' + DONE, "garbage"),
        (b'data: {"choices": [{"index": "x", "delta": {}}]}\n\n' + DONE, "garbage"),
        (
            b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": "f"}]}}]}\n\n'
            + DONE,
            "garbage",
        ),
        (said(delta(content="a")), "died"),
        (
            said(delta(content="a")) + b'data: {"error": {"message": "CUDA"}}\n\n' + DONE,
            "error_event",
        ),
    ],
)
def test_what_is_no_whole_answer_is_refused(stream: bytes, kind: str) -> None:
    with pytest.raises(Broken) as broken:
        collected(stream, 7)
    assert broken.value.kind == kind
    assert "CUDA" not in broken.value.error.message


def test_an_answer_without_an_end_is_refused_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.chat.event_parser.MAX_BYTES", 1000)
    with pytest.raises(Broken):
        collected(said(delta(content="a")) * 100)
