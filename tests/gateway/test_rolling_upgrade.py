"""A roll-out: the version before the newest migration and this one serve together, with one
PostgreSQL, one Redis and one engine."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, make_url

from gateway.storage import migration, schema
from gateway.storage.sql_engine import normal
from tests.support.access import settings
from tests.support.business import connector_settings, running_business
from tests.support.customers import Staff
from tests.support.earlier_version import unpack_earlier_gateway
from tests.support.http_client import metric
from tests.support.live_events import Live
from tests.support.postgres import running_postgres
from tests.support.redis import redis_server
from tests.support.running_answer import Answer, data_lines, extras, taken
from tests.support.servers import Running, running_gateway, wait_for, wait_until
from tests.support.visitor import Visitor, events

ORDER = "QH202611240061905"  # of the example business, not dispatched yet
EARLIER = [step.revision for step in migration.steps()][-2]
CALL = {"name": "cancel_order", "arguments": json.dumps({"order": ORDER})}
BOTH_WAYS = pytest.mark.parametrize("way", [(0, 1), (1, 0)], ids=["from old", "from new"])
Way = tuple[int, int]


@dataclass(slots=True)
class Load:
    """A customer who asks one question after the other."""

    gateway: Running
    answers: list[str] = field(default_factory=list)  # the ends of streams, or what failed
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with Visitor(self.gateway.url) as customer:
            while not self.stop.is_set():
                response = customer.begin("hello")
                lines = [line for line in response.iter_lines() if line]
                is_whole = response.status_code == 200 and lines[-1] == b"data: [DONE]"
                self.answers.append("whole" if is_whole else lines[-1].decode())
                self.stop.wait(0.05)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join()


@dataclass(slots=True)
class RollOut:
    """`both`: the old gateway, then the new one. The rest was made before the new one started."""

    both: list[Running]
    engine: Running
    load: Load
    customer: Visitor  # at the old gateway
    conversation: str
    handoff: str
    action: str

    def customer_at(self, number: int) -> Visitor:
        other = Visitor(self.both[number].url)
        other.session.cookies.update(self.customer.session.cookies)
        return other

    def staff(self, number: int, path: str, **body: Any) -> dict[str, Any]:
        return made(Staff(self.both[number].url).call("POST", f"/api/desk/{path}", json=body))


def made(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


def propose(engine: Running, customer: Visitor, conversation: str) -> str:
    """The id of an action that waits for staff."""
    requests.post(engine.url + "/script", json=[{"calls": [CALL]}], timeout=5)
    told = events(customer.begin(f"cancel my order {ORDER}", conversation))
    [action] = [one["sightdesk"]["confirm"]["action"] for one in told
                if "confirm" in one.get("sightdesk", {})]  # fmt: skip
    assert action["status"] == "proposed"
    return str(action["id"])


def ask_for_a_person(customer: Visitor, conversation: str) -> str:
    body = {"conversation_id": conversation}
    return str(made(customer.call("POST", "/api/handoff", json=body))["id"])


def part_of(after: Any, before: Any) -> Any:
    """`after` without the members that `before` does not have: the new version may say more."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {name: part_of(after[name], value) for name, value in before.items()}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return list(map(part_of, after, before))
    return after


def revision_of(url: str) -> str | None:
    engine = create_engine(normal(make_url(url)))
    with engine.connect() as connection:
        found = schema.revision(connection)
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def rollout(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RollOut]:
    earlier = unpack_earlier_gateway(tmp_path_factory.mktemp("earlier"))
    data = tmp_path_factory.mktemp("data")
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(running_postgres()).url("postgresql+psycopg")
        redis, _ = stack.enter_context(redis_server())
        business = stack.enter_context(running_business())
        given = settings(
            DATABASE_URL=database,
            RATE_LIMIT_STORAGE=redis,
            STAFF_ANONYMOUS="1",
            ANONYMOUS_NETWORKS="127.0.0.0/8",
            **connector_settings(business.url),
        )

        def start(**code: str) -> Running:
            gateway = stack.enter_context(running_gateway(engine.url, data, **code, **given))
            wait_for(gateway.url + "/readyz")
            return gateway

        old = start(root=str(earlier))
        assert revision_of(database) == EARLIER
        customer = Visitor(old.url)
        conversation = customer.ask("hello")["conversation"]
        other = customer.ask("hello")["conversation"]
        action = propose(engine, customer, other)
        handoff = ask_for_a_person(customer, conversation)
        load = Load(old)
        with load.running():
            asked = len(load.answers)
            wait_until(lambda: len(load.answers) > asked + 5, 10)
            new = start()
            wait_until(lambda: len(load.answers) > asked + 10, 10)
        assert revision_of(database) == schema.NEWEST
        yield RollOut([old, new], engine, load, customer, conversation, handoff, action)


def test_the_old_version_answers_while_the_new_one_changes_its_tables(rollout: RollOut) -> None:
    assert set(rollout.load.answers) == {"whole"}


@BOTH_WAYS
def test_a_conversation_of_one_version_goes_on_at_the_other(rollout: RollOut, way: Way) -> None:
    first, second = map(rollout.customer_at, way)
    conversation = first.ask("hello")["conversation"]
    for customer in (second, first, second):
        assert customer.ask("hello", conversation)["conversation"] == conversation
    assert [turn["text"] for turn in first.turns(conversation)] == ["hello", "你!"] * 4
    assert [one["id"] for one in first.turns(conversation)] == [
        one["id"] for one in second.turns(conversation)
    ]
    assert first.call("DELETE", f"/api/conversations/{conversation}").status_code == 200
    assert second.call("GET", f"/api/conversations/{conversation}").status_code == 404


@BOTH_WAYS
def test_a_running_answer_goes_on_and_is_stopped_at_the_other(rollout: RollOut, way: Way) -> None:
    first, second = (rollout.both[number] for number in way)
    answer = Answer(first)
    answer.read(40)
    answer.stream.close()
    assert taken(data_lines(answer.resumed(second)), 40) == answer.events[:40]
    assert answer.at(second).call("POST", f"/api/chat/{answer.id}/stop").status_code == 204
    for gateway in (first, second):
        assert answer.at(gateway).turns(answer.conversation)[-1]["state"] == "stopped"


@BOTH_WAYS
def test_a_person_claims_at_one_version_what_was_asked_at_the_other(
    rollout: RollOut, way: Way
) -> None:
    first, second = way
    answer = Answer(rollout.both[first])
    handoff = ask_for_a_person(answer.customer, answer.conversation)
    path = f"/api/conversations/{answer.conversation}/events"
    headers = {"last-event-id": "0"}
    with answer.customer.call("GET", path, headers=headers, stream=True) as stream:
        assert rollout.staff(second, f"handoffs/{handoff}/claim")["status"] == "claimed"
        *_, last, done = data_lines(answer.stream)  # the assistant is silent
        assert extras(last)["handoff"]["status"] == "claimed"
        assert done == b"data: [DONE]"
        said = rollout.staff(second, f"handoffs/{handoff}/messages", text="I am looking.")
        live = Live(stream)
        while "I am looking." not in json.dumps(live.read()[2]):
            pass
    outcome = {"outcome": "solved", "note": ""}
    assert rollout.staff(first, f"handoffs/{handoff}/resolve", **outcome)["status"] == "resolved"
    for gateway in rollout.both:
        assert said["id"] in [one["id"] for one in answer.at(gateway).turns(answer.conversation)]


def test_what_the_old_version_has_begun_ends_at_the_new_one(rollout: RollOut) -> None:
    assert rollout.staff(1, f"handoffs/{rollout.handoff}/claim")["status"] == "claimed"
    rollout.staff(1, f"handoffs/{rollout.handoff}/release")
    rollout.staff(1, f"actions/{rollout.action}/reject", reason="not now")
    assert rollout.customer.get(f"/api/actions/{rollout.action}")["status"] == "cancelled"


@BOTH_WAYS
def test_an_action_of_one_version_is_confirmed_at_the_other(rollout: RollOut, way: Way) -> None:
    """The example business cancels an order once, and says the second time that it has."""
    customer = rollout.customer_at(way[0])
    action = propose(rollout.engine, customer, customer.ask("hello")["conversation"])
    staff = [Staff(gateway.url) for gateway in rollout.both]
    staff[way[1]].approve(action)
    wait_until(lambda: staff[way[0]].action(action)["status"] in ("done", "failed"), 20)
    told = [one.get(f"/api/desk/audit?action={action}") for one in staff]
    # Before the release with revision 0011 the list stood under `data`.
    steps = [one["data"] if isinstance(one, dict) else one for one in told]
    assert steps[0] == steps[1]
    assert [step["to"] for step in steps[0][:3]] == ["proposed", "confirmed", "running"]


@BOTH_WAYS
def test_a_correction_and_a_rating_of_one_version_hold_at_the_other(
    rollout: RollOut, way: Way
) -> None:
    customer = rollout.customer_at(way[0])
    answer = customer.ask("hello")["answer"]
    rating = {"answer": answer, "rating": "down", "reason": f"wrong {way}"}
    assert customer.call("POST", "/api/feedback", json=rating).status_code in (200, 201, 204)
    question = f"How heavy is a zeppelin of class {way[0]}?"
    body = {"answer": answer, "text": "It weighs 118 tonnes.", "questions": [question]}
    kept = rollout.staff(way[0], "corrections", **body)["id"]
    elsewhere = Staff(rollout.both[way[1]].url)
    path = "/api/desk/knowledge/search"
    wait_until(lambda: kept in elsewhere.call("GET", path, params={"query": question}).text, 5)
    export = elsewhere.call("GET", "/api/desk/export", params={"format": "jsonl"}).text
    assert rating["reason"] in export


def test_both_versions_export_and_count_the_same(rollout: RollOut) -> None:
    old, new = (Staff(gateway.url) for gateway in rollout.both)
    query = {"format": "jsonl", "from": "2020-01-01"}
    told = [
        [
            json.loads(line)
            for line in one.call("GET", "/api/desk/export", params=query).iter_lines()
        ]
        for one in (old, new)
    ]
    assert len(told[0]) == len(told[1]) > 5
    for before, after in zip(*told, strict=True):
        assert part_of(after, before) == before
    mine = [rollout.customer_at(number).call("GET", "/api/export").text for number in (0, 1)]
    assert mine[0].count("\n") == mine[1].count("\n") > 1
    stats = [one.get("/api/desk/stats") for one in (old, new)]
    assert stats[0]["questions"] == stats[1]["questions"] > 10


def test_nothing_has_failed_on_either(rollout: RollOut) -> None:
    for gateway in rollout.both:
        ready = requests.get(gateway.url + "/readyz", timeout=5).json()
        assert {task["restarts"] for task in ready["tasks"].values()} == {0}
        assert metric(gateway, "sightdesk_store_errors_total") == 0
        bad = [line for line in gateway.log.read_text().splitlines() if '"level":"error"' in line]
        assert bad == []


def test_the_old_version_leaves_and_its_customers_go_on(rollout: RollOut) -> None:
    old, new = rollout.both
    old.process.terminate()
    customer = rollout.customer_at(1)
    assert customer.ask("hello", rollout.conversation)["conversation"] == rollout.conversation
    assert old.process.wait(40) == 0
    customer.ask("hello", rollout.conversation)
    assert len(customer.turns(rollout.conversation)) >= 6
    assert metric(new, "sightdesk_store_errors_total") == 0
