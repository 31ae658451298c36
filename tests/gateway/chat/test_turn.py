"""A turn may ask the engine more than once: what the client gets is one answer."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.assistant.persona import Persona
from gateway.chat.attachment_stage import AttachmentStage
from gateway.chat.citation_stage import CitationStage
from gateway.chat.engine_calls import EngineCalls
from gateway.chat.events import Event, ToolCallDelta, Usage
from gateway.chat.failover import Failover
from gateway.chat.openai_json import CompletionWriter
from gateway.chat.openai_stream import StreamWriter
from gateway.chat.question import Question, TurnReport
from gateway.chat.rounds import NextRound
from gateway.chat.transcript import Transcript
from gateway.chat.turn import Output, TurnRunner
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.media.attachment_loader import AttachmentLoader
from gateway.observability.metrics import Metrics
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import Caller
from gateway.throttling.admission import Admission
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.upstream import Upstream
from tests.support.servers import Running

CALL = {"id": "call_1", "type": "function", "function": {"name": "find_parcel", "arguments": "{}"}}
FURTHER: list[dict[str, Any]] = [
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "Delivered"},
]


async def look_up(events: Sequence[Event]) -> Sequence[dict[str, Any]] | None:
    """Answers a round's call of a tool."""
    return FURTHER if any(isinstance(event, ToolCallDelta) for event in events) else None


async def answer_nothing(events: Sequence[Event]) -> Sequence[dict[str, Any]] | None:
    return None


class Asking:
    """Runs turns before the fake engine."""

    def __init__(self, engine: Running, folder: Path) -> None:
        self.upstream = Upstream("engine-1", engine.url, "fake-vl", 8192, Breaker(2, 60), 4)
        self.client = EngineClient(1, 5, 5)
        self.metrics = Metrics("0", "cpu")
        knowledge = KnowledgeBase(folder)
        vectors = VectorBuilder(lambda: knowledge.snapshot.index, None, folder / "vectors")
        self.retriever = Retriever(knowledge, vectors)
        self.report = TurnReport()

    async def ask(
        self, text: str, next_round: NextRound | None, *, is_whole: bool, model: str = "sightdesk"
    ) -> list[Event]:
        # No question here has pictures.
        loader = AttachmentLoader(None, None, None, 16, 4096)  # type: ignore[arg-type]
        admission = Admission([self.upstream], 4, 5, self.metrics)
        stage = AttachmentStage(
            loader, [self.upstream], str, reader_timeout=0.1, first_token_timeout=1
        )
        runner = TurnRunner(
            stage,
            CitationStage(self.retriever, Persona, lambda: True, str),
            Failover(admission, None, self.client, self.metrics),
            EngineCalls(self.client, cache_salt=str, pseudonym=str),
            self.metrics,
            next_round,
        )
        request = ChatRequest.model_validate(
            {"model": model, "messages": [{"role": "user", "content": text}]}
        )
        caller = Caller("key", "shop", "key:shop")
        question = Question(request, caller, "key:shop", assistant=model == "sightdesk")
        events: list[Event] = []
        output = Output(events.extend, is_whole=is_whole)
        await runner.run(question, output, self.report)
        return events


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
    events = await asking.ask("call", look_up, is_whole=is_whole)
    said = "你 one moment你!"
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
    assert second["messages"] == [*first["messages"], *FURTHER]
    if not is_whole:
        sent = streamed(events)
        assert sent[-1]["usage"] == usage
        deltas = [one["choices"][0] for one in sent[:-1]]
        assert "".join(one["delta"].get("content", "") for one in deltas) == said
        assert not any("tool_calls" in one["delta"] or one["finish_reason"] for one in deltas)


async def test_a_call_that_nobody_here_answers_is_the_clients(asking: Asking) -> None:
    held = await asking.ask("call", answer_nothing, is_whole=False)
    plain = await asking.ask("call", None, is_whole=False)
    assert completion(held) == completion(plain)
    (choice,) = completion(plain)["choices"]
    assert choice["message"]["tool_calls"] == [CALL]
    assert choice["finish_reason"] == "tool_calls"


async def test_the_raw_model_has_one_round(asking: Asking) -> None:
    events = await asking.ask("call", look_up, is_whole=True, model="fake-vl")
    assert completion(events)["choices"][0]["message"]["tool_calls"] == [CALL]


def test_the_pages_stream_its_json_and_its_history_say_the_same(gateway: Running) -> None:
    me = requests.Session()
    me.get(gateway.url + "/api/config", timeout=5)
    asked: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": "七天无理由退货怎么办 cites"}],
    }
    whole = me.post(gateway.url + "/api/chat", json={**asked, "stream": False}, timeout=20).json()
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
