"""Owners: their digest, and which of their files no turn uses."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.storage.models import Conversation, Turn, TurnFile

AT_ONCE = 500  # values in one IN (…); SQLite takes 32,766


def digest(owner: str) -> str:
    """The owner as it is stored: the subject of an embed token may be a phone number.

    The file store names its folders in the same way.
    """
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def person_digest(name: str) -> str:
    """The name of nginx's user, or an embed token's subject, as a conversation keeps it.

    One person may be several owners: each browser of a user is one, and each key's token.
    """
    return digest("person:" + name)


def no_conversation(conversation_id: str) -> NotFound:
    """The error for a conversation that does not exist or is another owner's."""
    name = conversation_id[:64]
    return NotFound(
        "There is no such conversation of yours.", param="conversation_id", details={"name": name}
    )


def unused_files(
    session: Session | Connection, owner_digest: str, file_ids: Iterable[str]
) -> tuple[str, ...]:
    """Those of `file_ids` that no turn of the owner names, sorted."""
    wanted = sorted(set(file_ids))
    used: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        naming = (
            select(TurnFile.file_id)
            .join(Turn, Turn.number == TurnFile.turn_number)
            .join(Conversation, Conversation.id == Turn.conversation_id)
            .where(Conversation.owner == owner_digest, TurnFile.file_id.in_(some))
        )
        used.update(session.scalars(naming))
    return tuple(file_id for file_id in wanted if file_id not in used)
