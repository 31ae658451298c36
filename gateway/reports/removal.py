"""Deletes conversations, whoever's they are, in the caller's transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.storage.events import forget
from gateway.storage.models import Conversation, Turn, TurnFile
from gateway.storage.owners import unused_files

BeforeDelete = Callable[[Session, str], None]  # gets the id of the conversation


@dataclass(slots=True)
class Removed:
    """What is left to do outside the database: files by the digest of their owner, and answers
    that are still being written."""

    conversations: int = 0
    files: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    running_answers: list[str] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)  # digests


def remove(
    session: Session, conversations: Iterable[Conversation], before_delete: BeforeDelete
) -> Removed:
    """With their turns, ratings, hand-overs, and the words of their events.

    The rows are locked (FOR UPDATE): otherwise an event could be committed after the words of
    events were removed and before the conversation is.
    """
    removed = Removed()
    for one in conversations:
        here = Turn.conversation_id == one.id
        writing = select(Turn.id).where(here, Turn.state == "writing")
        named = select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(here)
        files = session.scalars(named).all()
        removed.running_answers += session.scalars(writing)
        forget(session, one.id)
        before_delete(session, one.id)  # its events are told: open pages hear that it is gone
        session.execute(delete(Conversation).where(Conversation.id == one.id))
        removed.files.append((one.owner, unused_files(session, one.owner, files)))
        removed.owners.add(one.owner)
        removed.conversations += 1
    return removed
