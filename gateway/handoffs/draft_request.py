"""What the assistant is asked for a draft: the conversation up to the question that waits."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway.assistant.intents import SEARCHED, intent_of
from gateway.errors import FileNotFound
from gateway.storage.database import Database
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.models import Turn

MAX_TURNS = 40  # that are looked at, from the newest
MAX_BEFORE = 8  # messages before the question
MAX_FILES = 4
NO_QUESTION = ("handoff", "smalltalk")  # outcomes of what a draft has nothing to say to


class DraftRequests:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, conversations: DeskConversations) -> None:
        self._database = database
        self._conversations = conversations

    def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """OpenAI's messages, the question last, with its pictures as data.

        [] without a question, and where it was pictures alone that are deleted now.
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
            return []
        content = self._content(turns[place])
        if not content:
            return []
        before = [one for one in turns[:place] if one.text][-MAX_BEFORE:]
        return [
            *({"role": _role(one), "content": one.text} for one in before),
            {"role": "user", "content": content},
        ]

    def _content(self, turn: Turn) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
        for named in turn.files[:MAX_FILES]:
            with suppress(FileNotFound):
                file, data = self._conversations.file(turn.conversation_id, named.file_id)
                url = f"data:{file.content_type};base64,{base64.b64encode(data).decode()}"
                told = {"file_data": url, "filename": file.filename}
                parts.append({"type": "file", "file": told})
        return parts


def _role(turn: Turn) -> str:
    return "user" if turn.role == "user" else "assistant"


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
