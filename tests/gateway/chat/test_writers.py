"""The writers: one list of events, as a stream, as JSON, and as history."""

import json
from typing import Any

from gateway.chat.events import (
    ActionProposed,
    AnswerStarted,
    Chunk,
    Citations,
    CompletionStarted,
    Degraded,
    Event,
    Failed,
    Finished,
    FinishReason,
    QueuePosition,
    Readings,
    TextDelta,
    ToolProgress,
    Usage,
)
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import StreamWriter, error_event, stream_into, tool_json
from gateway.chat.transcript import Transcript
from gateway.errors import UpstreamUnavailable
from gateway.server.client_connection import ClientConnection
from tests.support.fake_engine import chunk, delta

CLAUSE = {"id": "a-1", "title": "Returns", "clause": "1", "text": "Within 7 days."}
READING = {"image": "file-1", "lines": [], "fields": []}
ROLE = chunk("", choices=delta(role="assistant", content=""))
END = chunk("", choices=delta("stop"))
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 3}}\n\n'


def body(raw: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(raw[6:])
    return told


WORDS = (chunk("one"), chunk(" two"))
ANSWER: tuple[Event, ...] = (
    AnswerStarted("answer-1", {"id": "conversation-1", "turn": "turn-1"}),
    QueuePosition(2),
    QueuePosition(0),
    Readings([READING]),
    Citations([CLAUSE]),
    Degraded(),
    CompletionStarted({"id": "c", "created": 1, "model": "fake-vl"}),
    Chunk(body(ROLE), ROLE, ""),
    TextDelta("one two", WORDS),
    FinishReason(body(END), END, ""),
    Usage(body(USAGE), USAGE),
    Finished(),
)
ENGINES = [ROLE, *WORDS, END]


def writer(*, wants_extras: bool = False, wants_usage: bool = False) -> StreamWriter:
    return StreamWriter("answer-1", "sightdesk", wants_extras=wants_extras, wants_usage=wants_usage)


def test_a_stream_has_the_engines_bytes_and_the_usage_for_those_who_asked() -> None:
    assert writer().encode(ANSWER) == ENGINES
    assert writer(wants_usage=True).encode(ANSWER) == [*ENGINES, USAGE]


def test_extras_are_events_without_choices_before_the_answer() -> None:
    encoded = writer(wants_extras=True).encode(ANSWER)
    assert encoded[6:] == ENGINES
    extras = [body(event) for event in encoded[:6]]
    assert {(one["id"], one["model"], *one["choices"]) for one in extras} == {
        ("answer-1", "sightdesk")
    }
    assert [one["sightdesk"] for one in extras] == [
        {"conversation": {"id": "conversation-1", "turn": "turn-1"}, "answer": {"id": "answer-1"}},
        {"queue": {"position": 2}},
        {"queue": {"position": 0}},
        {"reading": [READING]},
        {"citations": [CLAUSE]},
        {"degraded": True},
    ]


def test_an_answer_that_is_not_stored_names_no_conversation() -> None:
    assert writer(wants_extras=True).encode((AnswerStarted("answer-1", None),)) == []


def test_a_failure_is_the_streams_last_event() -> None:
    down = UpstreamUnavailable("down", retry_after=5)
    assert body(error_event(down)).keys() == {"error"}
    assert body(error_event(down, wants_extras=True))["sightdesk"] == {"retry_after": 5}


def test_the_end_is_written_with_the_last_events() -> None:
    class Sink:
        connection: ClientConnection | None = None
        pushed: list[tuple[bytes, bool]]

        def __init__(self) -> None:
            self.pushed = []

        def push(self, events: bytes, *, last: bool = False) -> None:
            self.pushed.append((events, last))

    sink = Sink()
    push = stream_into(writer(), sink)
    push(ANSWER[:7])
    push(ANSWER[7:9])
    push(ANSWER[9:])
    assert sink.pushed == [
        (ROLE + b"".join(WORDS), False),
        (END + b"data: [DONE]\n\n", True),
    ]


def test_json_has_the_extras_beside_the_completion() -> None:
    plain, assistant = CompletionWriter(), CompletionWriter(has_extras=True)
    plain.push(ANSWER)
    assistant.push(ANSWER)
    assert "sightdesk" not in plain.completion()
    told = json.loads(assistant.body())
    assert told.pop("sightdesk") == {
        "answer": {"id": "answer-1"},
        "conversation": {"id": "conversation-1", "turn": "turn-1"},
        "reading": [READING],
        "citations": [CLAUSE],
        "degraded": True,
    }
    assert told == plain.completion()
    assert told["usage"] == {"prompt_tokens": 3}
    (choice,) = told["choices"]
    assert choice["message"] == {"role": "assistant", "content": "one two"}
    assert choice["finish_reason"] == "stop"


def test_history_keeps_text_evidence_and_how_it_ended() -> None:
    whole = Transcript()
    whole.push(ANSWER)
    kept = whole.answered(stopped=False)
    assert (kept.state, kept.text, kept.model, kept.degraded) == (
        "done",
        "one two",
        "fake-vl",
        True,
    )
    assert (kept.citations, kept.reading) == ([CLAUSE], [READING])
    part = Transcript()
    part.push(ANSWER[:-3])
    assert part.answered(stopped=True).state == "stopped"
    assert part.answered(stopped=False).state == "failed"
    part.push((Failed(UpstreamUnavailable("down")),))
    assert part.answered(stopped=True).state == "failed"
    assert part.answered(stopped=True).text == "one two"


def test_a_call_is_told_as_it_runs_and_kept_as_it_ended() -> None:
    running = ToolProgress("call_0", "track", "查询物流", "running")
    done = ToolProgress("call_0", "track", "查询物流", "done", {"text": "到了"}, {"waybill": "SF1"})
    assert tool_json(done)["arguments"] == {"waybill": "SF1"}
    cut_off = ToolProgress("call_1", "stock", "查询库存", "running")
    proposed = ActionProposed({"id": "action-1", "status": "proposed"})
    events: list[Event] = [running, done, proposed, proposed, cut_off]
    told = [
        json.loads(one[6:])["sightdesk"]
        for one in StreamWriter("a", "m", wants_extras=True, wants_usage=False).encode(events)
    ]
    assert [(name, one) for extras in told for name, one in extras.items()][:3] == [
        ("tool", tool_json(running)),
        ("tool", tool_json(done)),
        ("confirm", {"action": proposed.action}),
    ]
    whole = CompletionWriter(has_extras=True)
    whole.push(events)
    extras = whole.completion()["sightdesk"]
    assert extras["tools"] == [tool_json(done), tool_json(cut_off)]
    assert extras["tool"] == tool_json(cut_off)
    assert extras["actions"] == [proposed.action]
    assert extras["confirm"] == {"action": proposed.action}
    transcript = Transcript()
    transcript.push(events)
    kept = transcript.answered(stopped=True)
    assert kept.tools == [tool_json(done), {**tool_json(cut_off), "status": "failed"}]
    assert kept.actions == ["action-1"]
