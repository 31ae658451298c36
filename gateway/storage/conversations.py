"""Conversations as their owner sees them: listed, searched, read, renamed, deleted, exported.

docs/architecture.md has the shapes.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action
from gateway.storage.conversation_json import (
    PIECE_BYTES,
    ActionJSON,
    ConversationJSON,
    id_alone,
    summary_json,
)
from gateway.storage.database import Database
from gateway.storage.events import forget_words
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation, Handoff, Turn, TurnFile
from gateway.storage.owners import digest, no_conversation, unused_files
from gateway.storage.text_search import says
from gateway.storage.turns import now

MAX_TITLE = 200


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
        action_json: ActionJSON = id_alone,
        before_delete: Callable[[Session, str], None] = lambda session, conversation_id: None,
    ) -> None:
        """`action_json`: an action as its owner sees it. `before_delete`: called with the id of a
        conversation in the transaction that deletes it."""
        self._database = database
        self._before_delete = before_delete
        self._as_json = ConversationJSON(database, files, action_json)

    def page(
        self, owner: str, query: str = "", limit: int = 50, before: str = ""
    ) -> dict[str, Any]:
        """A page of summaries, newest first: {object, data, has_more}. Each has `state`: the status
        of a hand-over that has not ended (open, claimed, missed), `proposed` where an action waits
        for its owner's word, else null.

        `before`: id of the last conversation of the previous page. `query` is masked as texts
        are, then searched for in titles and texts; this raises UpstreamTimeout after
        SEARCH_SECONDS.
        """
        with self._database.searching() if query else self._database.reading() as session:
            wanted = select(Conversation, _count()).where(Conversation.owner == digest(owner))
            if query:
                wanted = wanted.where(says(session, mask(query), digest(owner)))
            if before:
                last = _owned(session, owner, before)
                place = tuple_(Conversation.updated_at, Conversation.id)
                wanted = wanted.where(place < tuple_(last.updated_at, last.id))
            newest = wanted.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(
                limit + 1
            )
            rows = session.execute(newest).all()
            states = _states(session, [conversation.id for conversation, _ in rows[:limit]])
            data = [
                summary_json(conversation, turns) | {"state": states.get(conversation.id)}
                for conversation, turns in rows[:limit]
            ]
        return {"object": "list", "data": data, "has_more": len(rows) > limit}

    def pieces(self, owner: str, conversation_id: str) -> Iterator[bytes]:
        """The whole conversation as JSON, in pieces of about PIECE_BYTES, each read on demand."""
        return self._as_json.pieces(lambda session: _owned(session, owner, conversation_id))

    def rename(self, owner: str, conversation_id: str, title: str) -> dict[str, Any]:
        """Returns the summary. The title is masked, and cut to MAX_TITLE characters."""
        with self._database.writing() as session:
            conversation = _owned(session, owner, conversation_id)
            conversation.title = mask(title)[:MAX_TITLE]
            turns = session.scalar(
                select(func.count()).where(Turn.conversation_id == conversation.id)
            )
            return summary_json(conversation, turns or 0)

    def delete(self, owner: str, conversation_id: str) -> Deleted:
        """Deletes the conversation with its turns, feedback and hand-overs.

        The caller deletes the files and stops the answers that it returns.
        """
        with self._database.writing() as session:
            # Locked before anything is read, so that no event with words is committed in between.
            conversation = _owned(session, owner, conversation_id, is_locked=True)
            here = Turn.conversation_id == conversation.id
            running = session.scalars(select(Turn.id).where(here, Turn.state == "writing")).all()
            named = (
                select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(here)
            )
            files = session.scalars(named).all()
            self._before_delete(session, conversation.id)
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


def _owned(
    session: Session, owner: str, conversation_id: str, *, is_locked: bool = False
) -> Conversation:
    mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
    wanted = select(Conversation).where(*mine)
    conversation = session.scalar(wanted.with_for_update() if is_locked else wanted)
    if conversation is None:
        raise no_conversation(conversation_id)
    return conversation


def _states(session: Session, conversation_ids: list[str]) -> dict[str, str]:
    proposed = select(Action.conversation_id).where(
        Action.conversation_id.in_(conversation_ids),
        Action.status == "proposed",
        Action.by == "customer",
        Action.expires_at > now(),
    )
    living = select(Handoff.conversation_id, Handoff.status).where(
        Handoff.conversation_id.in_(conversation_ids), Handoff.status != "resolved"
    )
    handed = {row[0]: row[1] for row in session.execute(living)}
    return dict.fromkeys(session.scalars(proposed), "proposed") | handed


def _count() -> Any:
    return select(func.count()).where(Turn.conversation_id == Conversation.id).scalar_subquery()
