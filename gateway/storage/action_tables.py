"""Actions and their audit (gateway/actions/). Times are milliseconds since 1970."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.column_types import StorableString as String
from gateway.storage.column_types import StorableText as Text
from gateway.storage.table_base import Base, Number


class Action(Base):
    """A write to a business system, from its proposal to its end (gateway/actions/)."""

    __tablename__ = "actions"
    __table_args__ = (
        Index("actions_by_status", "status", "created_at"),
        Index("actions_by_conversation", "conversation_id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    connector: Mapped[str] = mapped_column(String(64))
    title: Mapped[dict[str, str]] = mapped_column(JSON)  # by language
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)  # without secret ones
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # values that it changes
    status: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(16))  # customer, staff, nobody
    has_key: Mapped[bool] = mapped_column(Boolean, default=False)
    owner: Mapped[str] = mapped_column(String(32))
    user: Mapped[str] = mapped_column(String(256), default="")  # of Identity
    tenant: Mapped[str] = mapped_column(String(256), default="")
    language: Mapped[str] = mapped_column(String(8), default="zh")
    conversation_id: Mapped[str] = mapped_column(String(64), default="")  # "" on `/v1`
    answer_id: Mapped[str] = mapped_column(String(64), default="")
    parent_id: Mapped[str | None] = mapped_column(String(64))  # of a notification: its action
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    decided_by: Mapped[str | None] = mapped_column(String(256))
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger, default=0)  # of the next try
    tries: Mapped[int] = mapped_column(Integer, default=0)
    worker: Mapped[str | None] = mapped_column(String(64))  # which runs it
    lease_until: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # {values, text}
    error: Mapped[str | None] = mapped_column(Text())


class AuditEntry(Base):
    """One step of an action, written in the same transaction as the step."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_by_action", "action_id", "number"),)

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    action_id: Mapped[str] = mapped_column(String(64))
    time: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(256))
    was: Mapped[str | None] = mapped_column(String(16))
    now: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text(), default="")
