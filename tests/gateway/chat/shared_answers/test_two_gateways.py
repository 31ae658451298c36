"""Two gateways with one PostgreSQL and one Redis: an answer is everybody's."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.access import nginx, settings
from tests.support.postgres import running_postgres
from tests.support.redis import redis_server
from tests.support.running_answer import Answer, data_lines, extras, taken
from tests.support.servers import Running, running_gateway, wait_for, wait_until
from tests.support.visitor import Visitor, events

ANNA = nginx("anna")
GRACE = 2.0


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as postgres:
        yield postgres.url("postgresql+psycopg")


@pytest.fixture(scope="module")
def redis() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with redis_server() as started:
        yield started


@contextlib.contextmanager
def one_more(engine: Running, database: str, redis: str, data: Path) -> Iterator[Running]:
    more = settings(
        STAFF_USERS="anna",
        ANONYMOUS_NETWORKS="127.0.0.0/8",
        RESUME_GRACE=f"{GRACE:g}",
        DATABASE_URL=database,
        RATE_LIMIT_STORAGE=redis,
    )
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture(scope="module")
def two(
    engine: Running,
    database: str,
    redis: tuple[str, "subprocess.Popen[bytes]"],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Running]]:
    data = tmp_path_factory.mktemp("shared")
    with (
        one_more(engine, database, redis[0], data) as first,
        one_more(engine, database, redis[0], data) as second,
    ):
        yield [first, second]


def state_of(answer: Answer, gateway: Running) -> str:
    return str(answer.at(gateway).turns(answer.conversation)[-1]["state"])


def engine_has_ended(engine: Running) -> bool:
    return not requests.get(engine.url + "/state", timeout=5).json()["running"]


def test_another_gateway_goes_on_with_any_event(two: list[Running]) -> None:
    answer = Answer(two[0])
    answer.read(60)
    answer.stream.close()
    lines = data_lines(answer.resumed(two[1]))
    assert taken(lines, len(answer.events)) == answer.events
    later = data_lines(answer.resumed(two[1], 40))
    assert taken(later, 20) == answer.events[40:60]
    assert answer.at(two[1]).call("POST", f"/api/chat/{answer.id}/stop").status_code == 204


def test_an_answer_to_its_end_is_the_same_everywhere(two: list[Running]) -> None:
    answer = Answer(two[0], "slowly")
    elsewhere = answer.resumed(two[1])
    answer.read(1)
    whole = [*answer.events, *(line for line in answer.lines if line.startswith(b"data:"))]
    assert list(data_lines(elsewhere)) == whole
    assert whole[-1] == b"data: [DONE]"
    # For RESUME_GRACE it can still be read, there and here.
    assert list(data_lines(answer.resumed(two[1]))) == whole
    wait_until(lambda: answer.resumed(two[1]).status_code == 404, GRACE + 5)


def test_stopping_elsewhere_returns_when_the_answer_is_stored(
    two: list[Running], engine: Running
) -> None:
    answer = Answer(two[0])
    assert answer.at(two[1]).call("POST", f"/api/chat/{answer.id}/stop").status_code == 204
    assert state_of(answer, two[1]) == "stopped"
    wait_until(lambda: engine_has_ended(engine), 3)
    assert b"data: [DONE]" not in list(answer.lines)


def test_deleting_a_conversation_elsewhere_ends_its_answer(
    two: list[Running], engine: Running
) -> None:
    answer = Answer(two[0])
    path = f"/api/conversations/{answer.conversation}"
    assert answer.at(two[1]).call("DELETE", path).status_code == 200
    wait_until(lambda: engine_has_ended(engine), 3)


def test_an_answer_of_somebody_else_is_not_found(two: list[Running]) -> None:
    answer = Answer(two[0])
    other = Visitor(two[1].url)
    assert other.call("GET", f"/api/chat/{answer.id}").status_code == 404
    assert other.call("POST", f"/api/chat/{answer.id}/stop").status_code == 404
    assert answer.read(5)
    answer.stream.close()


def test_a_reader_elsewhere_keeps_the_answer_alive_and_its_leaving_ends_it(
    two: list[Running], engine: Running
) -> None:
    answer = Answer(two[0])
    elsewhere = answer.resumed(two[1])
    lines = data_lines(elsewhere)
    next(lines)
    answer.stream.close()
    started = time.monotonic()
    while time.monotonic() - started < 2 * GRACE:
        next(lines)
    assert not engine_has_ended(engine)
    elsewhere.close()
    wait_until(lambda: engine_has_ended(engine), GRACE + 8)
    assert state_of(answer, two[1]) == "stopped"


def test_after_a_claim_a_reader_elsewhere_gets_no_more_words(two: list[Running]) -> None:
    answer = Answer(two[0])
    made = answer.customer.call(
        "POST", "/api/handoff", json={"conversation_id": answer.conversation}
    )
    elsewhere = answer.resumed(two[1])
    lines = data_lines(elsewhere)
    taken(lines, 20)
    claim = f"{two[1].url}/api/desk/handoffs/{made.json()['id']}/claim"
    requests.post(claim, headers=ANNA, json={}, timeout=20).raise_for_status()
    left = list(lines)
    assert left[-1] == b"data: [DONE]"
    assert extras(left[-2])["handoff"]["assignee"] == "anna"
    assert len(left) < 60  # a hundred words a second, for thirty seconds


def test_a_gateway_that_dies_ends_its_answers_everywhere(
    engine: Running,
    database: str,
    redis: tuple[str, "subprocess.Popen[bytes]"],
    two: list[Running],
    tmp_path: Path,
) -> None:
    with one_more(engine, database, redis[0], tmp_path) as third:
        answer = Answer(third)
        answer.read(60)
        elsewhere = answer.resumed(two[0])
        third.process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        lines = list(data_lines(elsewhere))
        assert time.monotonic() - killed < 6  # 5 s, and a busy machine
        assert b"upstream_unavailable" in lines[-1]
        told = lines[:-1]  # all but what was not published yet
        assert len(told) > 10
        assert told == answer.events[: len(told)]
        wait_until(lambda: state_of(answer, two[0]) == "failed", 12)
        # Who comes later is told the same.
        again = list(data_lines(answer.resumed(two[1])))
        assert b"upstream_unavailable" in again[-1]


def test_without_redis_answers_go_on_where_they_are(
    two: list[Running], redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    answer = Answer(two[0])
    redis[1].send_signal(signal.SIGSTOP)
    try:
        answer.read(50)
        refused = answer.resumed(two[1])
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            503,
            "upstream_unavailable",
        )
    finally:
        redis[1].send_signal(signal.SIGCONT)
    lines: list[bytes] = []

    def is_shared_again() -> bool:
        response = answer.resumed(two[1])
        if response.status_code == 200:
            lines[:] = taken(data_lines(response), 60)
        response.close()
        return bool(lines)

    wait_until(is_shared_again, 15)
    assert lines == answer.events[:60] or lines[: len(answer.events)] == answer.events
    answer.stream.close()


def test_a_redis_that_lost_everything_gets_running_answers_again(
    two: list[Running], redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    answer = Answer(two[0])
    answer.read(40)
    port = redis[0].rpartition(":")[2].partition("/")[0]
    subprocess.run(["redis-cli", "-p", port, "flushall"], check=True, stdout=subprocess.DEVNULL)
    found: list[requests.Response] = []

    def is_there() -> bool:
        found.append(answer.resumed(two[1]))
        return found[-1].status_code == 200

    wait_until(is_there, 10)
    assert taken(data_lines(found[-1]), 40) == answer.events[:40]
    answer.stream.close()


def test_an_answer_costs_redis_few_commands(
    two: list[Running], redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    port = redis[0].rpartition(":")[2].partition("/")[0]

    def commands() -> int:
        told = subprocess.run(
            ["redis-cli", "-p", port, "info", "commandstats"],
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [row for row in told.stdout.splitlines() if row.startswith("cmdstat_xadd")]
        return sum(int(row.partition("calls=")[2].partition(",")[0]) for row in rows)

    customer = Visitor(two[0].url)
    before = commands()
    for _ in range(5):
        list(events(customer.begin("hello")))
    time.sleep(0.5)
    assert 5 <= commands() - before <= 15
