"""Times of hand-overs in running gateways, and a gateway that is killed in between."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.storage.database import attach_database
from tests.support.access import nginx, settings
from tests.support.handoff_desk import Desk
from tests.support.handoff_rows import told
from tests.support.http_client import metric
from tests.support.servers import Running, running_gateway, wait_for, wait_until
from tests.support.visitor import Visitor

ANNA = nginx("anna")
SHORT = {"HANDOFF_CLAIM_TIMEOUT": "1", "HANDOFF_SILENCE": "1", "STAFF_USERS": "anna"}


def events_of(data: Path, conversation: str) -> list[tuple[str, Any]]:
    """(type, cause) of the hand-over's events."""
    database = attach_database(f"sqlite:///{data}/sightdesk.db")
    found = [(type_, event.get("cause")) for type_, event in told(database)
             if event["conversation_id"] == conversation]  # fmt: skip
    database.close()
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("times")


@pytest.fixture(scope="module")
def desk(engine: Running, data: Path) -> Iterator[Desk]:
    more = settings(ANONYMOUS_NETWORKS="127.0.0.0/8", **SHORT)
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield Desk(gateway, Visitor(gateway.url))


def test_an_unclaimed_one_is_missed_and_the_customer_is_told_once(desk: Desk, data: Path) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    waited = wait_until(lambda: desk.status(ANNA, made["id"]) == "missed", 10)
    assert waited < 8
    assert desk.notices(conversation) == [("requested", "open"), ("missed", "missed")]
    wait_until(lambda: metric(desk.gateway, "sightdesk_handoffs_open") == 1, 5)
    assert desk.staff(ANNA, f"{made['id']}/claim")[0] == 200
    desk.staff(ANNA, f"{made['id']}/resolve", outcome="solved")
    wait_until(lambda: metric(desk.gateway, "sightdesk_handoffs_open") == 0, 5)
    assert [type_ for type_, _ in events_of(data, conversation)] == [
        "handoff.requested", "handoff.missed", "handoff.claimed", "handoff.resolved",
    ]  # fmt: skip


def test_an_assignee_who_says_nothing_loses_it_to_the_queue(desk: Desk, data: Path) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    desk.staff(ANNA, f"{made['id']}/claim")
    wait_until(lambda: desk.status(ANNA, made["id"]) != "claimed", 10)
    assert ("handoff.released", "silent") in events_of(data, conversation)
    assert ("silent", "open") in desk.notices(conversation)
    desk.staff(ANNA, f"{made['id']}/claim")
    desk.staff(ANNA, f"{made['id']}/messages", text="hello")
    wait_until(lambda: desk.status(ANNA, made["id"]) == "open", 10)
    assert desk.notices(conversation).count(("silent", "open")) == 2
    desk.staff(ANNA, f"{made['id']}/resolve", outcome="solved")


def test_a_gateway_that_is_killed_after_a_claim_loses_and_repeats_nothing(
    engine: Running, tmp_path: Path
) -> None:
    more = settings(ANONYMOUS_NETWORKS="127.0.0.0/8", STAFF_USERS="anna")
    with running_gateway(engine.url, tmp_path, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        desk = Desk(gateway, Visitor(gateway.url))
        conversation = desk.conversation()
        name = desk.ask_for(conversation, note="please").json()["id"]
        with desk.live(conversation, 0) as stream:
            last = [stream.read()[0] for _ in range(1)][-1]
            desk.staff(ANNA, f"{name}/claim")
            gateway.process.send_signal(signal.SIGKILL)
            gateway.process.wait()
    with running_gateway(engine.url, tmp_path, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        again = Desk(gateway, desk.customer)
        again.customer.url = gateway.url
        assert again.status(ANNA, name) == "claimed"
        with again.live(conversation, last) as stream:
            assert stream.read()[1] == "handoff.claimed"
            again.staff(ANNA, f"{name}/messages", text="here I am", key="1")
            again.staff(ANNA, f"{name}/messages", text="here I am", key="1")
            _, type_, data = stream.read()
            assert (type_, data["turn"]["text"]) == ("handoff.message", "here I am")
            again.staff(ANNA, f"{name}/resolve", outcome="solved")
            assert stream.read()[1] == "handoff.resolved"
        assert again.notices(conversation) == [
            ("requested", "open"), ("claimed", "claimed"), ("resolved", "resolved"),
        ]  # fmt: skip
