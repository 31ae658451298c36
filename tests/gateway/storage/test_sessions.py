"""Sessions of single sign-on, on both databases."""

import pytest

from gateway.errors import StoreUnavailable
from gateway.storage import sessions as module
from gateway.storage.database import Database
from gateway.storage.sessions import Sessions
from gateway.storage.turns import now


def test_a_session_lives_until_it_is_closed(database: Database) -> None:
    sessions, others = Sessions(database), Sessions(database)  # of two gateways
    assert not sessions.lives("one")
    sessions.open("one", "li", None, 60)
    assert sessions.lives("one")
    assert others.lives("one")
    others.close("one")
    assert not sessions.lives("one")


def test_a_session_ends_with_its_time(database: Database) -> None:
    sessions = Sessions(database)
    sessions.open("one", "li", None, -1)
    assert not sessions.lives("one")


@pytest.mark.parametrize(
    ("subject", "session", "ended"),
    [("li", None, {"one", "two", "unnamed"}), (None, "at-work", {"one"}),
     ("li", "at-work", {"one", "unnamed"}), ("nobody", None, set()), (None, "elsewhere", set())],
)  # fmt: skip
def test_the_provider_ends_one_session_or_all_of_a_person(
    database: Database, subject: str | None, session: str | None, ended: set[str]
) -> None:
    sessions = Sessions(database)
    opened = {"one": ("li", "at-work"), "two": ("li", "at-home"), "unnamed": ("li", None)}
    opened["other"] = ("wang", "of-wang")
    for name, (person, at_provider) in opened.items():
        sessions.open(name, person, at_provider, 60)
    assert sessions.close_all(subject, session, now() + 1) == len(ended)
    assert {name for name in opened if not sessions.lives(name)} == ended


def test_sessions_that_began_later_stay(database: Database) -> None:
    sessions = Sessions(database)
    sessions.open("one", "li", None, 60)
    assert sessions.close_all("li", None, now() - 60_000) == 0
    assert sessions.lives("one")


def test_without_the_database_a_session_goes_on_for_a_while(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions(database)
    sessions.open("one", "li", None, 60)

    def fails() -> None:
        raise StoreUnavailable("gone", retry_after=1)

    monkeypatch.setattr(database, "reading", fails)
    assert sessions.lives("one")
    monkeypatch.setattr(module, "SPARE_SECONDS", 0.0)
    for name in ("one", "unknown"):
        with pytest.raises(StoreUnavailable):
            sessions.lives(name)
