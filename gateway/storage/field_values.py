"""Corrections of fields by the people who asked, kept with their conversation."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from gateway.privacy.redaction import mask_value
from gateway.privacy.storable import storable
from gateway.storage.database import Database
from gateway.storage.models import Conversation, FieldCorrection
from gateway.storage.owners import digest

MAX_VALUES = 500  # of one conversation that are read, the newest
MAX_VALUE = 500  # characters; masking lengthens some e-mail addresses


@dataclass(frozen=True, slots=True)
class StoredValue:
    """`was`: the value that is replaced, "" where the person did not say."""

    image: str
    name: str
    value: str
    was: str = ""


def masked_value(value: StoredValue) -> StoredValue:
    """As it is stored. A phone number is masked like all stored text, so a program that corrects
    one sends it again with each question."""
    return replace(
        value,
        image=storable(value.image),
        value=mask_value(value.name, value.value)[:MAX_VALUE],
        was=mask_value(value.name, value.was)[:MAX_VALUE],
    )


def keep_values(
    database: Database, connection: Connection, values: Mapping[str, Sequence[StoredValue]]
) -> None:
    """Stores the values by conversation; each replaces an earlier one of the same field."""
    moment = time.time_ns() // 1_000_000
    rows = {
        (conversation, one.image, one.name, one.was): {
            "conversation_id": conversation,
            "image": one.image,
            "name": one.name,
            "was": one.was,
            "value": one.value,
            "created_at": moment,
        }
        for conversation, corrected in values.items()
        for one in corrected
    }
    if not rows:
        return
    insert = database.insert(FieldCorrection).values(list(rows.values()))
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["conversation_id", "image", "name", "was"],
            set_={"value": insert.excluded.value, "created_at": insert.excluded.created_at},
        )
    )


class FieldValues:
    """Synchronous: call it from threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, owner: str, conversation_id: str) -> list[StoredValue]:
        """What the owner has corrected in a conversation, oldest first. Raises StoreUnavailable."""
        wanted = (
            select(FieldCorrection)
            .join(Conversation, Conversation.id == FieldCorrection.conversation_id)
            .where(Conversation.id == conversation_id, Conversation.owner == digest(owner))
            .order_by(FieldCorrection.created_at.desc())
            .limit(MAX_VALUES)
        )
        with self._database.reading() as session:
            found = session.scalars(wanted).all()
            return [StoredValue(one.image, one.name, one.value, one.was) for one in found][::-1]
