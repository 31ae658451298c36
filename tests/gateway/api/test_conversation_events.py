"""GET /api/conversations/{id}/events: live, from any number on, for the owner alone."""

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.chat.conversation_streams import MAX_MISSED, MAX_OWNER
from gateway.storage.database import Database, attach_database
from gateway.storage.events import record_event
from tests.support.live_events import Live
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.visitor import SETTINGS, Visitor, code


@dataclass
class Desk:
    gateway: Running
    database: Database
    me: Visitor
    conversation: str

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.conversation}/events"

    @contextlib.contextmanager
    def open(self, last: int | None = None) -> Iterator[Live]:
        headers = {} if last is None else {"last-event-id": str(last)}
        with self.me.call("GET", self.path, headers=headers, stream=True) as answer:
            assert answer.status_code == 200
            yield Live(answer)

    def happen(self, n: int, type_: str = "action.done", conversation: str = "") -> None:
        with self.database.connected() as connection:
            record_event(connection, type_, conversation or self.conversation, {"n": n})


@pytest.fixture(scope="module")
def served(
    engine: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Database]]:
    with serving(engine, tmp_path_factory.mktemp("live")) as both:
        yield both


@contextlib.contextmanager
def serving(engine: Running, data: Path) -> Iterator[tuple[Running, Database]]:
    with running_gateway(engine.url, data, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        database = attach_database(f"sqlite:///{data}/sightdesk.db")
        yield gateway, database
        database.close()


def desk_of(gateway: Running, database: Database) -> Desk:
    """A new visitor with a conversation."""
    me = Visitor(gateway.url)
    return Desk(gateway, database, me, me.ask("hello")["conversation"])


@pytest.fixture
def live(served: tuple[Running, Database]) -> Desk:
    return desk_of(*served)


def test_an_event_comes_within_a_second_and_to_its_conversation_alone(live: Desk) -> None:
    other = live.me.ask("hello")["conversation"]
    with live.open() as stream:
        headers = stream.answer.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["x-accel-buffering"], headers["cache-control"]) == ("no", "no-cache")
        assert stream.block()["retry"] == "2000"
        live.happen(1, conversation=other)
        live.happen(2, "message.completed")  # for other systems, not for pages
        live.happen(3, "action.proposed")
        started = time.monotonic()
        _, type_, data = stream.read()
        assert (type_, data) == ("action.proposed", {"n": 3})
        assert time.monotonic() - started < 1


def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(live: Desk) -> None:
    live.happen(0)
    with live.open() as stream:
        began = int(stream.block()["id"])
        live.happen(1)
        first, _, _ = stream.read()
    assert first == began + 1
    live.happen(2)
    live.happen(3)
    with live.open(first) as stream:
        live.happen(4)
        assert [stream.read()[2]["n"] for _ in range(3)] == [2, 3, 4]
    with live.open(began) as stream:
        assert [stream.read()[2]["n"] for _ in range(4)] == [1, 2, 3, 4]


def test_a_page_that_missed_too_much_is_told_to_read_again(live: Desk) -> None:
    with live.database.connected() as connection:
        for n in range(MAX_MISSED + 1):
            record_event(connection, "action.done", live.conversation, {"n": n})
    with live.open(0) as stream:
        assert stream.block()["retry"] == "2000"
        assert stream.block() == {"event": "reset", "data": "{}"}
        live.happen(-1)
        assert stream.read()[2] == {"n": -1}


def test_a_hand_over_is_told_on_the_page(live: Desk) -> None:
    with live.open() as stream:
        stream.block()
        body = {"conversation_id": live.conversation, "note": "please"}
        made = live.me.call("POST", "/api/handoff", json=body).json()
        _, type_, data = stream.read()
    assert (type_, data["handoff"]["id"]) == ("handoff.requested", made["id"])


@pytest.mark.parametrize("last", ["-1", "x", "9" * 30, "１"])
def test_a_last_event_id_that_is_no_number_means_from_now_on(live: Desk, last: str) -> None:
    live.happen(1)
    headers = {"last-event-id": last.encode()}
    with live.me.call("GET", live.path, headers=headers, stream=True) as answer:
        stream = Live(answer)
        stream.block()
        live.happen(2)
        assert stream.read()[2] == {"n": 2}


def test_another_owner_and_no_conversation_are_404(live: Desk) -> None:
    assert code(Visitor(live.gateway.url).call("GET", live.path)) == (404, "not_found")
    assert code(Visitor(live.gateway.url, "sk-other").call("GET", live.path)) == (404, "not_found")
    none = live.me.call("GET", "/api/conversations/none/events")
    assert code(none) == (404, "not_found")


def test_head_ends_at_once(live: Desk) -> None:
    answer = live.me.call("HEAD", live.path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert live.me.get("/api/config")  # on the same connection


def test_an_owner_has_a_bounded_number_of_streams_and_the_oldest_ends(live: Desk) -> None:
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(live.open()) for _ in range(MAX_OWNER + 1)]
        for stream in streams:
            stream.block()
        assert list(streams[0].lines) == []  # the first one has ended
        live.happen(1)
        assert [stream.read()[2]["n"] for stream in streams[1:]] == [1] * MAX_OWNER


def test_a_stop_of_the_gateway_does_not_wait_for_open_streams(
    engine: Running, tmp_path: Path
) -> None:
    with serving(engine, tmp_path) as (gateway, database):
        live = desk_of(gateway, database)
        with live.open() as stream:
            stream.block()
            gateway.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert list(stream.lines) == []
            gateway.process.wait(20)
            assert time.monotonic() - started < 10


def test_opening_is_charged_once(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS, RATE_LIMIT_API="5/minute") as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        conversation = me.ask("hello")["conversation"]
        path = f"/api/conversations/{conversation}/events"
        left = []
        for _ in range(2):
            with me.call("GET", path, stream=True) as answer:
                left.append(int(answer.headers["x-ratelimit-remaining-requests"]))
        assert left[0] - left[1] == 1
