"""An engine's bytes become the same events however they are cut, and no byte is lost on the way."""

import random
from typing import Any

import pytest

from gateway.chat.event_parser import EventParser, EventReceiver
from gateway.chat.events import (
    Chunk,
    CompletionStarted,
    EngineReport,
    Event,
    Finished,
    FinishReason,
    TextDelta,
    ToolCallDelta,
    Unknown,
    Usage,
)
from gateway.chat.stream_stats import StreamStats
from gateway.errors import InvalidRequest
from gateway.upstream.client import Broken
from tests.support.fake_engine import chunk, delta

USAGE = (
    b'data: {"id": "c", "choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}}\n\n'
)
DONE = b"data: [DONE]\n\n"
ROLE = chunk("", choices=delta(role="assistant", content=""))
CALL = chunk("", choices=delta(tool_calls=[{"index": 0, "function": {"name": "f"}}]))
END = chunk("", choices=delta("stop", content="."))


def parsed(pieces: list[bytes]) -> tuple[list[Event], StreamStats]:
    parser = EventParser(StreamStats(0.0))
    return [event for piece in pieces for event in parser.feed(piece)], parser.stats


def bytes_of(event: Event) -> bytes:
    raw = getattr(event, "raw", b"")
    return raw if isinstance(raw, bytes) else b"".join(raw)


def summary(events: list[Event]) -> list[tuple[type, str]]:
    """Kinds and text; of text that came in several reads one piece."""
    found: list[tuple[type, str]] = []
    for event in events:
        text = getattr(event, "text", "")
        if isinstance(event, TextDelta) and found and found[-1][0] is TextDelta:
            found[-1] = (TextDelta, found[-1][1] + text)
        else:
            found.append((type(event), text))
    return found


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["LF", "CRLF"])
def test_every_way_to_cut_a_stream_gives_the_same_events_and_all_bytes(end: bytes) -> None:
    words = [chunk("你\u2028好"), chunk('say "usage" [DONE] data:'), chunk("!")]
    told = [ROLE, *words, b": a comment\n\n", CALL, words[2], END, USAGE, DONE]
    stream = b"".join(event[:-2] + end for event in told)
    draw = random.Random(7)
    ways = [[], list(range(1, len(stream))), *([place] for place in range(1, len(stream), 7))]
    ways += [sorted(draw.sample(range(1, len(stream)), draw.randint(2, 40))) for _ in range(100)]
    for places in ways:
        cuts = zip([0, *places], [*places, len(stream)], strict=True)
        events, stats = parsed([stream[start:stop] for start, stop in cuts])
        assert [kind for kind in summary(events) if kind[0] is not TextDelta] == [
            (CompletionStarted, ""),
            (Chunk, ""),
            (Unknown, ""),
            (ToolCallDelta, ""),
            (FinishReason, "."),
            (Usage, ""),
            (Finished, ""),
        ]
        text = [text for kind, text in summary(events) if kind is TextDelta]
        assert text == ['你\u2028好say "usage" [DONE] data:!', "!"]
        passed = b"".join(map(bytes_of, events))
        assert passed + b"data: [DONE]" + end == stream
        assert (stats.prompt_tokens, stats.completion_tokens, stats.done) == (11, 3, True)


def test_chunks_of_one_read_are_one_event_that_keeps_the_bytes_of_each() -> None:
    words = tuple(chunk(f" {number}") for number in range(5))
    events, stats = parsed([ROLE, b"".join(words)])
    assert events[-1] == TextDelta(" 0 1 2 3 4", words)
    assert stats.events == 5


def test_the_first_chunk_tells_what_answers() -> None:
    (started, *_), _ = parsed([chunk("a", system_fingerprint="fp")])
    assert isinstance(started, CompletionStarted)
    assert (started.fields["model"], started.fields["system_fingerprint"]) == ("fake-vl", "fp")
    assert not started.fields.keys() & {"choices", "object"}


@pytest.mark.parametrize(
    "odd",
    [b"data: {not json\n\n", b'data: ["no chunk"]\n\n', b'data: {"choices": 5}\n\n', b": ping\n\n",
     b'data: {"choices": [{"index": "x"}]}\n\n'],
)  # fmt: skip
def test_a_stream_passes_on_what_it_does_not_know(odd: bytes) -> None:
    events, _ = parsed([ROLE, chunk("a"), odd + chunk("b"), DONE])
    assert Unknown(odd) in events
    assert summary(events)[-1] == (Finished, "")


def test_text_beside_anything_else_is_no_mere_text() -> None:
    logprobs = [{**delta(content="a")[0], "logprobs": {"content": []}}]
    counted: dict[str, Any] = {"usage": {"completion_tokens": 1}}
    second = [{**delta(content="a")[0], "index": 1}]
    for odd in (
        chunk("", choices=delta(content="a", reasoning_content="b")),
        chunk("", choices=delta("stop", content="a")),
        chunk("a", **counted),
        chunk("", choices=second),
    ):
        assert not any(isinstance(event, TextDelta) for event in parsed([ROLE + odd])[0])
    (*_, plain), _ = parsed([ROLE + chunk("", choices=logprobs)])
    assert isinstance(plain, TextDelta | Chunk)


async def test_what_came_before_the_engines_error_is_handed_on_and_then_it_is_raised() -> None:
    taken: list[Event] = []
    receiver = EventReceiver(EventParser(StreamStats(0.0)), taken.extend, lambda: None)
    held = receiver(ROLE + chunk("a") + b'data: {"error": {"message": "CUDA"}}\n\n' + chunk("b"))
    assert summary(taken)[-1] == (TextDelta, "a")
    assert held is not None
    with pytest.raises(Broken, match="error_event"):
        await held
    refused = EventReceiver(EventParser(StreamStats(0.0)), taken.extend, lambda: None)
    held = refused(b'data: {"error": {"message": "no such image", "code": 400}}\n\n')
    assert held is not None
    with pytest.raises(InvalidRequest, match="no such image"):
        await held


def test_the_end_is_told_before_it_is_handed_on_and_nothing_comes_after_it() -> None:
    taken: list[Event] = []
    at_the_end: list[int] = []
    parser = EventParser(StreamStats(0.0))
    receiver = EventReceiver(parser, taken.extend, lambda: at_the_end.append(len(taken)))
    receiver(ROLE)
    receiver(chunk("a") + DONE + chunk("b"))
    receiver(chunk("c") + DONE)
    assert at_the_end == [2]
    assert summary(taken)[-2:] == [(TextDelta, "a"), (Finished, "")]


def test_an_empty_first_chunk_is_no_token() -> None:
    _, stats = parsed([chunk("")])
    assert stats.first_token_at is None
    _, stats = parsed([chunk(""), chunk(""), chunk("a")])
    assert stats.first_token_at is not None
    assert stats.completion_tokens == 1


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("finish", ["stop", None])
def test_what_the_engine_reports_is_an_event_and_never_passed_on(
    whole: bool, finish: str | None
) -> None:
    report = {"outcome": "answered", "citations": ["a", "b"]}
    last = chunk("", choices=delta(finish, content="."), sightdesk=report)
    parser = EventParser(StreamStats(0.0), whole=whole)
    events = [*parser.feed(ROLE + chunk("Hi") + last + DONE)]
    assert [event for event in events if isinstance(event, EngineReport)] == [
        EngineReport("answered", ["a", "b"])
    ]
    assert b"sightdesk" not in b"".join(map(bytes_of, events))
    assert "".join(getattr(event, "text", "") for event in events) == "Hi."


@pytest.mark.parametrize("told", ["x", {"outcome": 1}, {"citations": []}, None])
def test_a_report_in_another_form_is_dropped(told: Any) -> None:
    events, _ = parsed([ROLE, chunk("", choices=delta("stop"), sightdesk=told), DONE])
    assert not any(isinstance(event, EngineReport) for event in events)
    assert b"sightdesk" not in b"".join(map(bytes_of, events))
