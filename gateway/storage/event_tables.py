"""Events, and what webhooks have delivered of them. Times are milliseconds since 1970."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.column_types import StorableString as String
from gateway.storage.column_types import StorableText as Text
from gateway.storage.table_base import Base, Number


class StoredEvent(Base):
    """What other systems and open pages hear of, written in the transaction of what it tells.
    `number` is the order of one conversation."""

    __tablename__ = "events"
    __table_args__ = (Index("events_by_conversation", "conversation_id", "number"),)

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)  # `webhook-id`
    type: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[int] = mapped_column(BigInteger)


class WebhookCursor(Base):
    """A subscription, by the digest of its URL, and the last event that it has deliveries of."""

    __tablename__ = "webhook_cursors"

    subscription: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_event: Mapped[int] = mapped_column(BigInteger)
    is_gone: Mapped[bool] = mapped_column(Boolean, default=False)  # it answered 410


class WebhookDelivery(Base):
    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_due", "state", "due_at"),
        Index("webhook_deliveries_by_lane", "subscription", "conversation_id", "event_number"),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    subscription: Mapped[str] = mapped_column(String(64))
    event_number: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16))  # waiting, done, failed
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[int] = mapped_column(BigInteger)
    lease_until: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str] = mapped_column(Text(), default="")
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
