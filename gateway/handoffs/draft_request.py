"""What the assistant is asked for a draft: the conversation up to the question that waits."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway.assistant.intents import SEARCHED, intent_of
from gateway.errors import FileNotFound
from gateway.handoffs.told_results import Told
from gateway.storage.database import Database
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.models import Turn

MAX_TURNS = 40  # that are looked at, from the newest
MAX_BEFORE = 8  # messages before the question
MAX_FILES = 4  # the newest: what is asked may stand in an earlier picture
# Characters of the question, of an earlier message: staff cannot shorten what customers wrote.
MAX_QUESTION, MAX_EARLIER = 8_000, 2_000
NO_QUESTION = ("handoff", "smalltalk")  # outcomes of what a draft has nothing to say to


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """`messages`: OpenAI's, the question last, with its pictures as data. `told`: what business
    systems have told in this conversation, by tool name, newest first."""

    messages: Sequence[dict[str, Any]] = ()
    told: Mapping[str, Sequence[Told]] = field(default_factory=dict)


NOTHING = DraftRequest()


class DraftRequests:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, conversations: DeskConversations) -> None:
        self._database = database
        self._conversations = conversations

    def request(self, conversation_id: str) -> DraftRequest:
        """NOTHING without a question, and where it was pictures alone that are deleted now.

        The question is the newest one that was no small talk and no wish for a person.
        """
        wanted = (
            select(Turn)
            .where(Turn.conversation_id == conversation_id)
            .order_by(Turn.number.desc())
            .limit(MAX_TURNS)
            .options(selectinload(Turn.files))
        )
        with self._database.reading() as session:
            turns = list(reversed(list(session.scalars(wanted))))
            session.expunge_all()
        place = _question(turns)
        if place is None:
            return NOTHING
        before = [one for one in turns[:place] if one.text or one.files][-MAX_BEFORE:]
        messages = self._messages([*before, turns[place]])
        if not messages:
            return NOTHING
        return DraftRequest(messages, _told(turns))

    def _messages(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        """Without turns of which nothing is left: their pictures are deleted."""
        messages: list[dict[str, Any]] = []
        left = MAX_FILES
        for turn in reversed(turns):
            is_asked = turn.role == "user"
            text = turn.text[: MAX_QUESTION if turn is turns[-1] else MAX_EARLIER]
            content = self._content(turn, text, left) if is_asked else text
            left -= len(turn.files) if is_asked else 0
            if content:
                messages.insert(0, {"role": _role(turn), "content": content})
            elif turn is turns[-1]:
                return []
        return messages

    def _content(self, turn: Turn, text: str, most: int) -> list[dict[str, Any]]:
        """`most`: files that are taken."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        for named in turn.files[: max(0, most)]:
            with suppress(FileNotFound):
                file, data = self._conversations.file(turn.conversation_id, named.file_id)
                url = f"data:{file.content_type};base64,{base64.b64encode(data).decode()}"
                told = {"file_data": url, "filename": file.filename}
                parts.append({"type": "file", "file": told})
        return parts


def _role(turn: Turn) -> str:
    return "user" if turn.role == "user" else "assistant"


def _told(turns: Sequence[Turn]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = {}
    for turn in reversed(turns):
        for tool in reversed(turn.tools or ()):
            result = tool.get("result") or {}
            if tool.get("status") == "done" and result.get("text"):
                told = Told(str(result["text"]), result.get("values") or {})
                found.setdefault(str(tool.get("name")), []).append(told)
    return found


def _question(turns: Sequence[Turn]) -> int | None:
    """The place of the question; None where the customer has asked nothing."""
    for place in reversed(range(len(turns))):
        one = turns[place]
        if one.role != "user" or not _asks(one):
            continue
        answer = turns[place + 1] if place + 1 < len(turns) else None
        is_answered = answer is not None and answer.role == "assistant"
        if not (is_answered and answer is not None and answer.outcome in NO_QUESTION):
            return place
    return None


def _asks(turn: Turn) -> bool:
    """Whether an answer is due: the assistant says nothing after the claim, so its outcome does
    not tell."""
    return intent_of(turn.text, has_picture=bool(turn.files)) in SEARCHED
