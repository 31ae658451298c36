"""Conversations of all owners, as staff see them: found by what happened in them, and read."""

from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.orm import Session

from gateway.errors import FileNotFound, NotFound
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action
from gateway.storage.conversation_json import (
    ActionJSON,
    ConversationJSON,
    id_alone,
    summary_json,
)
from gateway.storage.database import Database
from gateway.storage.file_records import StoredFile
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation, Feedback, Handoff, Turn, TurnFile
from gateway.storage.text_search import says

Filter = Literal["handoff", "down", "no_clause", "ungrounded", "action"]


class DeskConversations:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(
        self, database: Database, files: FileStore, action_json: ActionJSON = id_alone
    ) -> None:
        """`action_json`: an action as staff see it, masked."""
        self._database = database
        self._files = files
        self._as_json = ConversationJSON(database, files, action_json, is_for_staff=True)

    def page(
        self, query: str, filter_: Filter | None, limit: int, before: str = ""
    ) -> dict[str, Any]:
        """A page of summaries, newest first: {object, data, has_more}.

        Raises NotFound for an unknown `before`, and with a query UpstreamTimeout after
        SEARCH_SECONDS.
        """
        with (
            self._database.searching() if query or filter_ else self._database.reading() as session
        ):
            wanted = select(Conversation, _count())
            if filter_ is not None:
                wanted = wanted.where(_had(filter_))
            if query:
                wanted = wanted.where(says(session, mask(query)))
            if before:
                last = _found(session, before)
                place = tuple_(Conversation.updated_at, Conversation.id)
                wanted = wanted.where(place < tuple_(last.updated_at, last.id))
            newest = wanted.order_by(Conversation.updated_at.desc(), Conversation.id.desc())
            rows = session.execute(newest.limit(limit + 1)).all()
            data = [summary_json(conversation, turns) for conversation, turns in rows[:limit]]
        return {"object": "list", "data": data, "has_more": len(rows) > limit}

    def pieces(self, conversation_id: str, members: bytes = b"") -> Iterator[bytes]:
        """The whole conversation as JSON, in pieces. Raises NotFound.

        `members`: more members of the object, such as `,"a":1`.
        """
        return self._as_json.pieces(lambda session: _found(session, conversation_id), members)

    def file(self, conversation_id: str, file_id: str) -> tuple[StoredFile, bytes]:
        """A file that a turn of the conversation names. Raises FileNotFound."""
        owner = self._owner_of(conversation_id, file_id)
        return self._files.of_digest(owner, file_id), self._files.content_of_digest(owner, file_id)

    def file_pieces(self, conversation_id: str, file_id: str) -> tuple[StoredFile, Iterator[bytes]]:
        """`file`, for a reader that may be slow. Raises FileNotFound."""
        owner = self._owner_of(conversation_id, file_id)
        return self._files.of_digest(owner, file_id), self._files.pieces_of_digest(owner, file_id)

    def _owner_of(self, conversation_id: str, file_id: str) -> str:
        """The digest of the owner. Raises FileNotFound."""
        with self._database.reading() as session:
            owner = session.scalar(
                select(Conversation.owner)
                .join(Turn, Turn.conversation_id == Conversation.id)
                .join(TurnFile, TurnFile.turn_number == Turn.number)
                .where(Conversation.id == conversation_id, TurnFile.file_id == file_id)
                .limit(1)
            )
        if owner is None:
            name = file_id[:64]
            raise FileNotFound("There is no such file.", param="file_id", details={"name": name})
        return owner


def _found(session: Session, conversation_id: str) -> Conversation:
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        name = conversation_id[:64]
        raise NotFound("There is no such conversation.", param="id", details={"name": name})
    return conversation


def _count() -> Any:
    return select(func.count()).where(Turn.conversation_id == Conversation.id).scalar_subquery()


def _had(filter_: Filter) -> ColumnElement[bool]:
    here = Turn.conversation_id == Conversation.id
    if filter_ == "handoff":
        return exists().where(Handoff.conversation_id == Conversation.id)
    if filter_ == "action":
        return exists().where(Action.conversation_id == Conversation.id)
    if filter_ == "down":
        rated = (Feedback.turn_number == Turn.number, Feedback.rating == "down")
        return exists().where(here, *rated)
    if filter_ == "no_clause":
        return exists().where(here, Turn.outcome == "no_clause")
    return exists().where(here, Turn.is_ungrounded.is_(True))
