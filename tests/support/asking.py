"""Runs turns of the chat before an engine, without the routes around them."""

from pathlib import Path
from typing import Any

from gateway.assistant.persona import Persona
from gateway.chat.attachment_stage import AttachmentStage
from gateway.chat.citation_stage import CitationStage
from gateway.chat.engine_calls import EngineCalls
from gateway.chat.events import Event
from gateway.chat.failover import Failover
from gateway.chat.question import Question, TurnReport
from gateway.chat.tool_rounds import ToolRounds
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

CALLER = Caller("user", "page", "user:li:1", subject="li")


class Asking:
    """`folder`: its knowledge."""

    def __init__(self, engine: Running, folder: Path, model: str = "fake-vl") -> None:
        self.upstream = Upstream("engine-1", engine.url, model, 8192, Breaker(2, 60), 4)
        self.client = EngineClient(1, 5, 5)
        self.metrics = Metrics("0", "cpu")
        self.knowledge = knowledge = KnowledgeBase(folder)
        vectors = VectorBuilder(lambda: knowledge.snapshot.index, None, folder / "vectors")
        self.retriever = Retriever(knowledge, vectors)
        self.report = TurnReport()

    async def ask(
        self,
        text: str,
        rounds: ToolRounds | None,
        *,
        is_whole: bool = False,
        model: str = "sightdesk",
        before: tuple[dict[str, Any], ...] = (),
        caller: Caller = CALLER,
        events: list[Event] | None = None,
        **more: Any,
    ) -> list[Event]:
        """All events of the answer; also in `events`, while they come. `before`: earlier messages.
        `more`: further parameters."""
        # No question here has pictures.
        loader = AttachmentLoader(None, None, None, 16, 4096)  # type: ignore[arg-type]  # no picture is loaded
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
            rounds,
        )
        messages = [*before, {"role": "user", "content": text}]
        request = ChatRequest.model_validate({"model": model, "messages": messages, **more})
        question = Question(request, caller, caller.owner, assistant=model == "sightdesk")
        told: list[Event] = [] if events is None else events
        await runner.run(question, Output(told.extend, is_whole=is_whole), self.report)
        return told
