"""Conversations as their owner sees them: listed, searched, read, renamed, deleted, exported.

docs/architecture.md has the shapes.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from gateway.errors import FileNotFound, NotFound
from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.events import forget_words
from gateway.storage.file_store import FileStore
from gateway.storage.models import Action, Conversation, Turn, TurnFile
from gateway.storage.owners import digest, no_conversation, unused_files
from gateway.storage.text_search import candidates, not_indexed

MAX_TITLE = 200
PIECE_BYTES = 256 * 1024  # of one transaction and one write to the client
TURNS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deleted conversation leaves outside the database: its files, and answers that are
    still being written.
    """

    file_ids: tuple[str, ...]
    running_answers: tuple[str, ...]


class Conversations:
    """Synchronous: call it from threads. All raise StoreUnavailable, and NotFound for another
    owner's conversation.
    """

    def __init__(
        self,
        database: Database,
        files: FileStore,
        action_json: Callable[[Action], dict[str, Any]] = lambda action: {"id": action.id},
    ) -> None:
        """`action_json`: an action as its owner sees it."""
        self._database = database
        self._files = files
        self._action_json = action_json

    def page(
        self, owner: str, query: str = "", limit: int = 50, before: str = ""
    ) -> dict[str, Any]:
        """A page of summaries, newest first: {object, data, has_more}.

        `before`: id of the last conversation of the previous page. `query` is masked as texts
        are, then searched for in titles and texts; this raises UpstreamTimeout after
        SEARCH_SECONDS.
        """
        with self._database.searching() if query else self._database.reading() as session:
            wanted = select(Conversation, _count()).where(Conversation.owner == digest(owner))
            if query:
                wanted = wanted.where(_says(session, digest(owner), mask(query)))
            if before:
                last = _owned(session, owner, before)
                place = tuple_(Conversation.updated_at, Conversation.id)
                wanted = wanted.where(place < tuple_(last.updated_at, last.id))
            newest = wanted.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(
                limit + 1
            )
            rows = session.execute(newest).all()
            data = [_summary(conversation, turns) for conversation, turns in rows[:limit]]
        return {"object": "list", "data": data, "has_more": len(rows) > limit}

    def pieces(self, owner: str, conversation_id: str) -> Iterator[bytes]:
        """The whole conversation as JSON, in pieces of about PIECE_BYTES, each read on demand."""
        with self._database.reading() as session:
            conversation = _owned(session, owner, conversation_id)
            turns = session.scalar(
                select(func.count()).where(Turn.conversation_id == conversation.id)
            )
            head = orjson.dumps(_summary(conversation, turns or 0))[:-1] + b',"messages":['
            messages, last = self._messages_after(session, owner, conversation.id, 0)
        yield head + messages + (b"" if last else b"]}")
        while last:
            with self._database.reading() as session:
                messages, last = self._messages_after(session, owner, conversation_id, last)
            yield (b"," + messages if messages else b"") + (b"" if last else b"]}")

    def rename(self, owner: str, conversation_id: str, title: str) -> dict[str, Any]:
        """Returns the summary. The title is masked, and cut to MAX_TITLE characters."""
        with self._database.writing() as session:
            conversation = _owned(session, owner, conversation_id)
            conversation.title = mask(title)[:MAX_TITLE]
            turns = session.scalar(
                select(func.count()).where(Turn.conversation_id == conversation.id)
            )
            return _summary(conversation, turns or 0)

    def delete(self, owner: str, conversation_id: str) -> Deleted:
        """Deletes the conversation with its turns, feedback and hand-overs.

        The caller deletes the files and stops the answers that it returns.
        """
        with self._database.writing() as session:
            conversation = _owned(session, owner, conversation_id)
            here = Turn.conversation_id == conversation.id
            running = session.scalars(select(Turn.id).where(here, Turn.state == "writing")).all()
            named = (
                select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(here)
            )
            files = session.scalars(named).all()
            forget_words(session, conversation.id)
            session.execute(delete(Conversation).where(Conversation.id == conversation.id))
            return Deleted(unused_files(session, digest(owner), files), tuple(running))

    def every(self, owner: str) -> Iterator[bytes]:
        """All conversations, newest first, a line of JSON each, in pieces of about PIECE_BYTES."""
        with self._database.reading() as session:
            mine = select(Conversation.id).where(Conversation.owner == digest(owner))
            conversation_ids = session.scalars(mine.order_by(Conversation.updated_at.desc())).all()
        lines = bytearray()
        for conversation_id in conversation_ids:
            with suppress(NotFound):  # it was deleted meanwhile
                for piece in self.pieces(owner, conversation_id):
                    lines += piece
                    if len(lines) >= PIECE_BYTES:
                        yield bytes(lines)
                        lines.clear()
                lines += b"\n"
        if lines:
            yield bytes(lines)

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
            "degraded": turn.degraded,
            "state": turn.state,
            "rating": turn.feedback.rating if turn.feedback else None,
            "reason": turn.feedback.reason if turn.feedback else None,
            "model": turn.model,
        }

    def _actions(self, session: Session, action_ids: list[str]) -> list[dict[str, Any]]:
        """The actions as they are now, in the order in which they were proposed."""
        found = session.scalars(select(Action).where(Action.id.in_(action_ids)))
        by_id = {action.id: self._action_json(action) for action in found}
        return [by_id[one] for one in action_ids if one in by_id]

    def _file(self, owner: str, file_id: str) -> dict[str, Any] | None:
        try:
            file = self._files.get(owner, file_id)
        except FileNotFound:
            return None
        name = mask(file.filename)
        return {
            "id": file.id,
            "filename": name,
            "content_type": file.content_type,
            "pages": file.pages,
        }


def _owned(session: Session, owner: str, conversation_id: str) -> Conversation:
    mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
    conversation = session.scalar(select(Conversation).where(*mine))
    if conversation is None:
        raise no_conversation(conversation_id)
    return conversation


def _count() -> Any:
    return select(func.count()).where(Turn.conversation_id == Conversation.id).scalar_subquery()


def _says(session: Session, owner: str, query: str) -> Any:
    """The condition that a title or a text holds the query; % and _ have no special meaning."""
    in_title = Conversation.title.icontains(query, autoescape=True)
    in_text = Turn.text.icontains(query, autoescape=True)
    here = Turn.conversation_id == Conversation.id
    numbers = candidates(session, query)
    if (
        numbers is None  # a common text: soon enough of the newest conversations hold it
    ):
        return or_(in_title, exists().where(here, in_text))
    # No join: SQLite would start from all of the owner's conversations.
    is_mine = exists().where(Conversation.id == Turn.conversation_id, Conversation.owner == owner)
    holding = session.scalars(
        select(Turn.conversation_id).where(Turn.number.in_(numbers), is_mine, in_text)
    ).all()
    found = or_(in_title, Conversation.id.in_(set(holding)))
    if upto := not_indexed(session):
        return or_(found, exists().where(here, Turn.number <= upto, in_text))
    return found


def _summary(conversation: Conversation, turns: int) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "object": "conversation",
        "title": conversation.title,
        "created_at": conversation.created_at // 1000,
        "updated_at": conversation.updated_at // 1000,
        "turns": turns,
    }
