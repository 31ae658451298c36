"""Kept tallies of days, against a count of everything, while all that they count changes."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update

from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.errors import NotFound
from gateway.observability.metrics import Metrics
from gateway.reports import day_tallies
from gateway.reports.day_tallies import LOCK, DayTallies, tally_of_days
from gateway.reports.erasure import Erasure
from gateway.reports.period import DAY_MS, Period, period_of
from gateway.reports.retention import Retention
from gateway.reports.tally import WIDTH, Tally, tally_of
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.day_tally_table import DayTally
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation, Feedback, Turn
from gateway.storage.owners import digest
from gateway.storage.turns import now
from tests.gateway.reports.test_erasure import NoTools
from tests.support.databases import handoffs_of
from tests.support.random_records import RandomRecords, store

TODAY = now() // DAY_MS * DAY_MS
START = TODAY - 30 * DAY_MS
CONVERSATIONS = 120
ROUNDS = 25
PERSONS = {digest(one): one for one in (f"person-{n}" for n in range(CONVERSATIONS))}


@pytest.fixture
def tallies(database: Database) -> DayTallies:
    store(database, RandomRecords(5, CONVERSATIONS, START, 29 * DAY_MS))
    if not database.is_sqlite:  # rows with a number do not move PostgreSQL's sequence on
        with database.connected() as connection:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('turns', 'number'), 10000)")
            )
    return DayTallies(database)


def kept(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(DayTally)) or 0


def keep_all(tallies: DayTallies) -> None:
    for day in tallies.missing(now()):
        assert tallies.keep(day, now())


def plain(tally: Tally) -> dict[str, Any]:
    """Whatever it is added up from, the same for the same counts."""
    rows = [tally.quarters[at : at + WIDTH] for at in range(0, len(tally.quarters), WIDTH)]
    quarters: dict[int, list[int]] = {}
    for quarter, *counts in rows:
        before = quarters.get(quarter, [0] * len(counts))
        quarters[quarter] = [one + other for one, other in zip(before, counts, strict=True)]
    found: dict[str, Counter[Any]] = {"first": Counter(), "answer": Counter(), "subject": Counter()}
    for name, flat in (("first", tally.first_token_ms), ("answer", tally.answer_ms)):
        for at in range(0, len(flat), 2):
            found[name][flat[at]] += flat[at + 1]
    for kind, subject, count in tally.subjects:
        found["subject"][kind, subject] += count
    return {"quarters": quarters, **found, "assumed": tally.assumed, "pending": tally.pending}


def check(database: Database, random: Random) -> None:
    for _ in range(3):
        first = START + random.randrange(-DAY_MS, 25 * DAY_MS)
        last = random.choice((TODAY + DAY_MS, first + random.randrange(1, 20 * DAY_MS)))
        zone = random.choice(("UTC", "Asia/Kathmandu", "America/New_York"))
        span = Period(first, last, period_of("", "", zone, now()).zone)
        moment = now()
        with database.reading() as session:
            added = plain(tally_of_days(session, span, moment))
            assert added == plain(tally_of(session, span, moment))


class Changes:
    """What customers, staff, retention and a restored row do to stored conversations."""

    def __init__(self, database: Database, folder: Path) -> None:
        files = FileStore(folder / "files")
        actions = Actions(ActionStore(database), NoTools(), Metrics("1", "lite"), 900)  # type: ignore[arg-type]  # finds and offers nothing
        self._database = database
        self._conversations = Conversations(
            database, files, before_delete=handoffs_of(database).close_deleted
        )
        self._erasure = Erasure(database, files, actions, lambda session, one: None, list)
        self._retention = Retention(
            database, files, lambda session, one: None, Metrics("1", "lite"), 30
        )
        self._again = 0

    def every(self) -> Sequence[Callable[[Random], None]]:
        return [self.rate, self.rate, self.hand_over, self.delete, self.insert, self.fail] * 3 + [
            self.erase,
            self.retain,
        ]

    def rate(self, random: Random) -> None:
        owner, answer = self._any(random, Turn.id, Turn.role == "assistant")
        Ratings(self._database).rate(owner, answer, random.choice(("up", "down")), None)

    def hand_over(self, random: Random) -> None:
        handoffs_of(self._database).hand_over(*self._any(random, Conversation.id))

    def delete(self, random: Random) -> None:
        self._conversations.delete(*self._any(random, Conversation.id))

    def insert(self, random: Random) -> None:
        """An exchange on a subject that the owner has asked about before."""
        columns = [one for one in Turn.__table__.columns if one.name != "number"]
        wanted = select(*columns).where(Turn.topic.is_not(None))
        with self._database.reading() as session:
            like = dict(random.choice(session.execute(wanted.order_by(Turn.number)).all())._mapping)
        self._again += 1
        row = {
            **like,
            "id": f"answer-again-{self._again}",
            "created_at": like["created_at"] + random.randrange(-2 * DAY_MS, 2 * DAY_MS),
        }
        with self._database.connected() as connection:
            connection.execute(insert(Turn), [row])

    def fail(self, random: Random) -> None:
        _, answer = self._any(random, Turn.id, Turn.role == "assistant")
        with self._database.connected() as connection:
            connection.execute(update(Turn).where(Turn.id == answer).values(state="failed"))

    def erase(self, random: Random) -> None:
        self._erasure.erase(f"person-{random.randrange(1 + CONVERSATIONS // 3)}", "boss")

    def retain(self, random: Random) -> None:
        before = START + random.randrange(2 * DAY_MS)
        while self._retention.remove_some(before / 1000):
            pass

    def _any(self, random: Random, id_: Any, *where: Any) -> tuple[str, str]:
        """(the owner, the id) of one of them."""
        wanted = select(Conversation.owner, id_).join(Turn).where(*where).distinct().order_by(id_)
        with self._database.reading() as session:
            owner, found = random.choice(session.execute(wanted).all())
        return PERSONS[owner], str(found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tallies_are_what_a_count_of_everything_gives_whatever_changes(
    database: Database, tallies: DayTallies, tmp_path: Path, seed: int
) -> None:
    random, changes = Random(seed), Changes(database, tmp_path)
    keep_all(tallies)
    assert kept(database) > 20
    for _ in range(ROUNDS):
        with suppress(NotFound):
            random.choice(changes.every())(random)
        if random.random() < 0.5:
            check(database, random)
        if random.random() < 0.5:
            keep_all(tallies)
    keep_all(tallies)
    check(database, random)


def test_only_days_that_are_over_are_kept_and_each_is_counted_once(
    database: Database, tallies: DayTallies
) -> None:
    keep_all(tallies)
    assert tallies.missing(now()) == []
    with database.reading() as session:
        newest = session.scalar(select(func.max(DayTally.day)))
    assert newest == TODAY // DAY_MS - 4
    one = kept(database)
    assert tallies.keep(newest, now())
    assert kept(database) == one


def test_figures_add_up_kept_days_without_counting_their_answers(
    database: Database, tallies: DayTallies
) -> None:
    keep_all(tallies)
    span = Period(0, TODAY, period_of("", "", "UTC", now()).zone)
    with database.connected() as connection:
        connection.execute(text("UPDATE day_tallies SET tally = '{\"assumed\": 1000}'"))
    with database.reading() as session:
        assert tally_of_days(session, span, now()).assumed >= 1000 * kept(database)


def test_with_too_many_gaps_everything_is_counted(
    database: Database, tallies: DayTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_tallies, "MAX_GAPS", 3)
    keep_all(tallies)
    with database.connected() as connection:
        connection.execute(text("DELETE FROM day_tallies WHERE day % 3 = 0"))
    check(database, Random(1))


def test_a_day_that_somebody_changes_is_not_counted_meanwhile(
    database: Database, tallies: DayTallies
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with database.reading() as session:
        number, asked_at = session.execute(
            select(Turn.number, Turn.created_at).where(Turn.role == "assistant").limit(1)
        ).one()
    day = asked_at // DAY_MS
    rating = {"turn_number": number, "rating": "up", "created_at": 1, "asked_at": asked_at}
    with database.connected() as connection:
        statement = database.insert(Feedback).values(rating)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["turn_number"], set_={"rating": "up"})
        )
        assert not tallies.keep(day, now())
    assert tallies.keep(day, now())


def test_whoever_changes_a_day_waits_until_it_is_counted(
    database: Database, tallies: DayTallies
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    keep_all(tallies)
    with database.reading() as session:
        wanted = select(Conversation.owner, Turn.id, Turn.created_at).join(Turn)
        of_answer = wanted.where(Turn.role == "assistant").limit(1)
        stored, answer, asked_at = session.execute(of_answer).one()
    owner = PERSONS[stored]
    rating = threading.Thread(target=Ratings(database).rate, args=(owner, answer, "down", None))
    with database.connected() as connection:
        lock = {"lock": LOCK + asked_at // DAY_MS}
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), lock)
        rating.start()
        rating.join(0.3)
        assert rating.is_alive()
        before = kept(database)
    rating.join(5)
    assert kept(database) == before - 1


async def test_the_task_keeps_what_is_missing(
    database: Database, tallies: DayTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_tallies, "PAUSE_SECONDS", 0)
    running = asyncio.create_task(tallies.run())
    async with asyncio.timeout(20):
        while await asyncio.to_thread(tallies.missing, now()):
            await asyncio.sleep(0.05)
    running.cancel()
    assert kept(database) > 20
