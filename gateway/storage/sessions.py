"""Sessions of people who signed in through the provider, shared by all gateways."""

import time

from sqlalchemy import and_, delete, exists, or_, select

from gateway.errors import StoreUnavailable, UpstreamTimeout
from gateway.storage.database import Database
from gateway.storage.owners import digest
from gateway.storage.session_table import SignInSession
from gateway.storage.turns import now

FRESH_SECONDS = 1.0  # so long another gateway's logout may stay unnoticed
# While the database does not answer, a session goes on for which it answered so recently.
SPARE_SECONDS = 900.0
MAX_SEEN = 10_000  # sessions in memory


class Sessions:
    """Synchronous: call it from threads, except `seen`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, float] = {}  # session → when the database last had it

    def open(
        self, session: str, subject: str, provider_session: str | None, seconds: float
    ) -> None:
        """Raises StoreUnavailable."""
        at = now()
        with self._database.writing() as written:
            written.execute(delete(SignInSession).where(SignInSession.expires_at < at))
            written.add(
                SignInSession(
                    id=digest(session),
                    subject=digest(subject),
                    provider_session=digest(provider_session) if provider_session else None,
                    created_at=at,
                    expires_at=at + int(seconds * 1000),
                )
            )
        self._note(session)

    def seen(self, session: str) -> bool:
        """Whether the database had it a moment ago. Never waits."""
        return time.monotonic() - self._seen.get(session, float("-inf")) < FRESH_SECONDS

    def lives(self, session: str) -> bool:
        """Whether the session has not ended. Raises StoreUnavailable."""
        wanted = (SignInSession.id == digest(session), SignInSession.expires_at > now())
        try:
            with self._database.reading() as reading:
                found = bool(reading.scalar(select(exists().where(*wanted))))
        except (StoreUnavailable, UpstreamTimeout):
            if time.monotonic() - self._seen.get(session, float("-inf")) < SPARE_SECONDS:
                return True
            raise
        if found:
            self._note(session)
        else:
            self._seen.pop(session, None)
        return found

    def close(self, session: str) -> None:
        """Raises StoreUnavailable."""
        with self._database.writing() as written:
            written.execute(delete(SignInSession).where(SignInSession.id == digest(session)))
        self._seen.pop(session, None)

    def close_all(self, subject: str | None, provider_session: str | None, before: int) -> int:
        """Ends the sessions of a person, or of one session at the provider, that began until
        `before` (Unix milliseconds). Returns how many. Raises StoreUnavailable."""
        named = []
        if provider_session is not None:
            named.append(SignInSession.provider_session == digest(provider_session))
        if subject is not None:
            of_person = SignInSession.subject == digest(subject)
            # Some providers name the session at the logout only.
            unnamed = SignInSession.provider_session.is_(None)
            named.append(of_person if provider_session is None else and_(of_person, unnamed))
        ended = delete(SignInSession).where(or_(*named), SignInSession.created_at <= before)
        with self._database.writing() as written:
            ids = written.scalars(ended.returning(SignInSession.id)).all()
        self._seen.clear()
        return len(ids)

    def _note(self, session: str) -> None:
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen[session] = time.monotonic()
