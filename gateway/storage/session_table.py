"""The table of sessions (gateway/storage/sessions.py)."""

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.column_types import StorableString as String
from gateway.storage.table_base import Base


class SignInSession(Base):
    """One session. Without its row it has ended. All names are digests, times milliseconds."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("sessions_by_subject", "subject"),
        Index("sessions_by_provider", "provider_session"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32))
    provider_session: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
