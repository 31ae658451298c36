"""Conversations as their owner sees them: listed, searched, opened, renamed, deleted. Shapes: docs/architecture.md."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from gateway.errors import FileNotFound, NotFound
from gateway.files.store import FileStore
from gateway.store.database import Database
from gateway.store.mask import mask
from gateway.store.models import Conversation, Turn, TurnFile
from gateway.store.owners import digest, unused_files

MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a conversation left behind outside the database."""

    file_ids: tuple[str, ...]
    running_answers: tuple[str, ...]


class Conversations:
    """All calls wait for the database: run them in a thread. All raise StoreUnavailable; NotFound for what is another's."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files

    def page(self, owner: str, query: str = "", limit: int = 50, before: str = "") -> dict[str, Any]:
        """The newest first; `before` is the last one of the page above. `query` is looked for as it would be stored."""
        with self._database.reading() as session:
            wanted = select(Conversation, _count()).where(Conversation.owner == digest(owner))
            if query:
                wanted = wanted.where(_says(mask(query)))
            if before:
                last = _owned(session, owner, before)
                place = tuple_(Conversation.updated_at, Conversation.id)
                wanted = wanted.where(place < tuple_(last.updated_at, last.id))
            newest = wanted.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit + 1)
            rows = session.execute(newest).all()
            data = [_summary(conversation, turns) for conversation, turns in rows[:limit]]
        return {"object": "list", "data": data, "has_more": len(rows) > limit}

    def one(self, owner: str, conversation_id: str) -> dict[str, Any]:
        with self._database.reading() as session:
            conversation = _owned(session, owner, conversation_id, whole=True)
            return self._whole(owner, conversation)

    def rename(self, owner: str, conversation_id: str, title: str) -> dict[str, Any]:
        with self._database.writing() as session:
            conversation = _owned(session, owner, conversation_id)
            conversation.title = mask(title)[:MAX_TITLE]
            turns = session.scalar(select(func.count()).where(Turn.conversation_id == conversation.id))
            return _summary(conversation, turns or 0)

    def delete(self, owner: str, conversation_id: str) -> Deleted:
        """The rows go here, feedback and hand-overs with them; answers and files that are left are the caller's."""
        with self._database.writing() as session:
            conversation = _owned(session, owner, conversation_id)
            here = Turn.conversation_id == conversation.id
            running = session.scalars(select(Turn.id).where(here, Turn.state == "writing")).all()
            named = select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(here)
            files = session.scalars(named).all()
            session.execute(delete(Conversation).where(Conversation.id == conversation.id))
            return Deleted(unused_files(session, digest(owner), files), tuple(running))

    def every(self, owner: str) -> Iterator[dict[str, Any]]:
        """All that there are now, newest first; each is read when it is its turn, so that an export of any size fits."""
        with self._database.reading() as session:
            mine = select(Conversation.id).where(Conversation.owner == digest(owner))
            conversation_ids = session.scalars(mine.order_by(Conversation.updated_at.desc())).all()
        for conversation_id in conversation_ids:
            with suppress(NotFound):  # deleted since
                yield self.one(owner, conversation_id)

    def _whole(self, owner: str, conversation: Conversation) -> dict[str, Any]:
        messages = [self._message(owner, turn) for turn in conversation.turns]
        return {**_summary(conversation, len(messages)), "messages": messages}

    def _message(self, owner: str, turn: Turn) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": turn.id,
            "role": turn.role,
            "text": turn.text,
            "created_at": turn.created_at // 1000,
        }
        if turn.role == "user":
            return {**told, "files": [shown for file in turn.files if (shown := self._file(owner, file.file_id))]}
        return {
            **told,
            "citations": turn.citations,
            "reading": turn.reading,
            "degraded": turn.degraded,
            "state": turn.state,
            "rating": turn.feedback.rating if turn.feedback else None,
            "reason": turn.feedback.reason if turn.feedback else None,
            "model": turn.model,
        }

    def _file(self, owner: str, file_id: str) -> dict[str, Any] | None:
        try:
            file = self._files.get(owner, file_id)
        except FileNotFound:
            return None
        name = mask(file.filename)
        return {"id": file.id, "filename": name, "content_type": file.content_type, "pages": file.pages}


def _owned(session: Session, owner: str, conversation_id: str, whole: bool = False) -> Conversation:
    wanted = select(Conversation).where(Conversation.id == conversation_id, Conversation.owner == digest(owner))
    if whole:
        turns = selectinload(Conversation.turns)
        wanted = wanted.options(turns.selectinload(Turn.files), turns.selectinload(Turn.feedback))
    conversation = session.scalar(wanted)
    if conversation is None:
        raise NotFound("There is no such conversation of yours.", param="conversation_id")
    return conversation


def _count() -> Any:
    return select(func.count()).where(Turn.conversation_id == Conversation.id).scalar_subquery()


def _says(query: str) -> Any:
    """Titles and texts that hold the query; its % and _ are themselves."""
    here = and_(Turn.conversation_id == Conversation.id, Turn.text.icontains(query, autoescape=True))
    return or_(Conversation.title.icontains(query, autoescape=True), exists().where(here))


def _summary(conversation: Conversation, turns: int) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "object": "conversation",
        "title": conversation.title,
        "created_at": conversation.created_at // 1000,
        "updated_at": conversation.updated_at // 1000,
        "turns": turns,
    }
