"""A stored conversation as JSON. docs/architecture.md has the shapes."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from gateway.errors import FileNotFound
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation, Turn

PIECE_BYTES = 256 * 1024  # of one transaction and one write to the client
TURNS_AT_ONCE = 20

ActionJSON = Callable[[Action], dict[str, Any]]


def id_alone(action: Action) -> dict[str, Any]:
    return {"id": action.id}


class ConversationJSON:
    """Synchronous: call it from threads."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        action_json: ActionJSON = id_alone,
        *,
        is_for_staff: bool = False,
    ) -> None:
        """`action_json`: an action as the reader may see it. `is_for_staff`: with what only they
        see of an answer."""
        self._database = database
        self._files = files
        self._action_json = action_json
        self._is_for_staff = is_for_staff

    def pieces(
        self, find: Callable[[Session], Conversation], members: bytes = b""
    ) -> Iterator[bytes]:
        """The conversation that `find` finds as JSON, in pieces of about PIECE_BYTES, each read on
        demand. `members`: more members, such as `,"a":1`.

        Raises what `find` raises, StoreUnavailable, UpstreamTimeout.
        """
        with self._database.reading() as session:
            conversation = find(session)
            owner, conversation_id = conversation.owner, conversation.id
            turns = session.scalar(
                select(func.count()).where(Turn.conversation_id == conversation_id)
            )
            head = orjson.dumps(summary_json(conversation, turns or 0))[:-1] + members
            messages, last = self._messages_after(session, owner, conversation_id, 0)
        yield head + b',"messages":[' + messages + (b"" if last else b"]}")
        while last:
            with self._database.reading() as session:
                messages, last = self._messages_after(session, owner, conversation_id, last)
            yield (b"," + messages if messages else b"") + (b"" if last else b"]}")

    def _messages_after(
        self, session: Session, owner: str, conversation_id: str, number: int
    ) -> tuple[bytes, int | None]:
        """Messages after turn `number` as JSON, of about PIECE_BYTES together.

        Returns (messages joined by commas, number of the last where there may be more).
        """
        wanted = (
            select(Turn)
            .where(Turn.conversation_id == conversation_id, Turn.number > number)
            .order_by(Turn.number)
            .options(selectinload(Turn.files), selectinload(Turn.feedback))
            .execution_options(yield_per=TURNS_AT_ONCE)
        )
        messages: list[bytes] = []
        size = 0
        with closing(session.scalars(wanted)) as turns:
            for turn in turns:
                message = self._message(owner, turn)
                if turn.actions:
                    message["actions"] = self._actions(session, turn.actions)
                messages.append(orjson.dumps(message))
                size += len(messages[-1])
                if size >= PIECE_BYTES:
                    return b",".join(messages), turn.number
        return b",".join(messages), None

    def _message(self, owner: str, turn: Turn) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": turn.id,
            "role": turn.role,
            "text": turn.text,
            "created_at": turn.created_at // 1000,
        }
        if turn.role == "user":
            return {
                **told,
                "files": [
                    shown for file in turn.files if (shown := self._file(owner, file.file_id))
                ],
            }
        if turn.role == "staff":
            return {**told, "author": turn.author, "notice": turn.notice}
        return {
            **told,
            "citations": turn.citations,
            "reading": turn.reading,
            "suggestions": turn.suggestions or [],
            "grounding": turn.grounding,
            "outcome": turn.outcome,
            "tools": turn.tools or [],
            "actions": [],
            "notice": turn.notice,
            "offer": turn.offer,
            "degraded": turn.degraded,
            "state": turn.state,
            "rating": turn.feedback.rating if turn.feedback else None,
            "reason": turn.feedback.reason if turn.feedback else None,
            "model": turn.model,
            **({"knowledge_version": turn.knowledge_version} if self._is_for_staff else {}),
        }

    def _actions(self, session: Session, action_ids: list[str]) -> list[dict[str, Any]]:
        """The actions as they are now, in the order in which they were proposed."""
        found = session.scalars(select(Action).where(Action.id.in_(action_ids)))
        by_id = {action.id: self._action_json(action) for action in found}
        return [by_id[one] for one in action_ids if one in by_id]

    def _file(self, owner: str, file_id: str) -> dict[str, Any] | None:
        try:
            file = self._files.of_digest(owner, file_id)
        except FileNotFound:
            return None
        return {
            "id": file.id,
            "filename": mask(file.filename),
            "content_type": file.content_type,
            "pages": file.pages,
        }


def summary_json(conversation: Conversation, turns: int) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "object": "conversation",
        "title": conversation.title,
        "kind": conversation.kind,
        "created_at": conversation.created_at // 1000,
        "updated_at": conversation.updated_at // 1000,
        "turns": turns,
    }
