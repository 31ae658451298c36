"""The tables. Times are milliseconds since 1970, texts are masked.

An owner is stored as a digest: it can be compared, but not read.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gateway.storage.column_types import StorableString as String
from gateway.storage.column_types import StorableText as Text

# SQLite numbers rows by itself only in a column of type INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    pass


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (Index("conversations_by_owner", "owner", "updated_at", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.number", lazy="raise", viewonly=True)


class Turn(Base):
    """A question or an answer. `number` is the order of writing."""

    __tablename__ = "turns"
    __table_args__ = (
        Index("turns_by_conversation", "conversation_id", "number"),
        Index("turns_by_state", "state"),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE")
    )
    role: Mapped[str] = mapped_column(String(16))  # user, assistant
    state: Mapped[str] = mapped_column(String(16))  # writing, done, stopped, failed
    text: Mapped[str] = mapped_column(Text(), default="")
    created_at: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str | None] = mapped_column(String(256))
    degraded: Mapped[bool] = mapped_column(Boolean, default=False)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reading: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    suggestions: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    grounding: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # {supported, unsupported}
    outcome: Mapped[str | None] = mapped_column(String(16))
    # The gateway that writes this answer: if it died, the answer has failed.
    writer: Mapped[str | None] = mapped_column(String(64))
    files: Mapped[list["TurnFile"]] = relationship(
        order_by="TurnFile.place", lazy="raise", viewonly=True
    )
    feedback: Mapped["Feedback | None"] = relationship(lazy="raise", viewonly=True)


class TurnFile(Base):
    """A question's file; the file itself lies in the file store of the owner."""

    __tablename__ = "turn_files"
    __table_args__ = (Index("turn_files_by_file", "file_id"),)

    turn_number: Mapped[int] = mapped_column(
        ForeignKey("turns.number", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_id: Mapped[str] = mapped_column(String(64))


class Feedback(Base):
    __tablename__ = "feedback"

    turn_number: Mapped[int] = mapped_column(
        ForeignKey("turns.number", ondelete="CASCADE"), primary_key=True
    )
    rating: Mapped[str] = mapped_column(String(8))  # up, down
    reason: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(BigInteger)


class Handoff(Base):
    """A conversation that a person is asked to take over."""

    __tablename__ = "handoffs"
    __table_args__ = (Index("handoffs_by_conversation", "conversation_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE")
    )
    note: Mapped[str] = mapped_column(Text(), default="")
    status: Mapped[str] = mapped_column(String(16))  # open
    created_at: Mapped[int] = mapped_column(BigInteger)


class FieldCorrection(Base):
    """What a person says that a field of a picture is. It holds for the whole conversation."""

    __tablename__ = "field_corrections"

    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    image: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    was: Mapped[str] = mapped_column(String(500), primary_key=True)  # "": not said
    value: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[int] = mapped_column(BigInteger)


class ClauseCorrection(Base):
    """A better answer by staff, which serves as a clause."""

    __tablename__ = "clause_corrections"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[str] = mapped_column(String(64))  # the answer that it corrects
    questions: Mapped[list[str]] = mapped_column(JSON)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text())
    author: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(BigInteger)
