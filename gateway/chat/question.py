"""One question on its way through the stages, and what its answer carries beside the engine's words."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from gateway.media.attachments import Attachments
from gateway.openai.chat_request import ChatRequest, PageRequest
from gateway.server.request_context import Caller, RequestContext


@dataclass(slots=True)
class Question:
    """One request on its way through the stages."""

    request: ChatRequest
    caller: Caller
    context: RequestContext
    assistant: bool
    wants_extras: bool
    affinity: str
    attachments: Attachments = field(default_factory=Attachments)
    citations: list[dict[str, Any]] = field(default_factory=list)
    degraded: bool = False
    turn: str | None = None  # the stored question's id; None where it is not kept
    _id: str = field(default="", init=False)

    @property
    def id(self) -> str:
        """The answer's. Made when it is first asked for: a raw engine's answers have none."""
        self._id = self._id or "answer-" + secrets.token_urlsafe(15)
        return self._id

    @property
    def conversation(self) -> dict[str, Any] | None:
        if not isinstance(self.request, PageRequest):
            return None
        return {"id": self.request.conversation_id, "turn": self.turn}

    def extras(self) -> dict[str, Any]:
        """What a whole response carries under `sightdesk`."""
        told: dict[str, Any] = {"answer": {"id": self.id}}
        if self.conversation:
            told["conversation"] = self.conversation
        if self.attachments.readings:
            told["reading"] = self.attachments.readings
        told["citations"] = [public(citation) for citation in self.citations]
        if self.degraded:
            told["degraded"] = True
        return told


def affinity_of(request: ChatRequest, session_id: str) -> str:
    """Conversations that begin alike share an engine's prefix cache: x-session-id, else the first messages' digest.

    Up to the user's first: the answer to it is not yet there in the first turn.
    """
    if session_id:
        return session_id[:128]
    until = next(
        (number for number, message in enumerate(request.messages, 1) if message.role == "user"), 1
    )
    first = "\0".join(message.text[:2000] for message in request.messages[:until])
    return hashlib.blake2b(first.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def public(citation: dict[str, Any]) -> dict[str, Any]:
    """What a reader is told of a clause."""
    return {name: citation[name] for name in ("id", "title", "clause", "text")}
