"""The routes of hand-overs: a customer asks for a person, staff take over, answer and end it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.access import nginx, settings
from tests.support.handoff_desk import Desk
from tests.support.http_client import metric
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.visitor import Visitor

ANNA, BEN = nginx("anna"), nginx("ben")


@pytest.fixture(scope="module")
def desk(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("desk")
    more = settings(STAFF_USERS="anna,ben", ANONYMOUS_NETWORKS="127.0.0.0/8")
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield Desk(gateway, Visitor(gateway.url))


def test_a_person_takes_over_answers_and_ends_it(desk: Desk) -> None:
    conversation = desk.conversation("my phone is 13812345678, where is my parcel?")
    before = metric(desk.gateway, "sightdesk_handoffs_total", reason="asked")
    made = desk.ask_for(conversation, note="call 13812345678")
    handoff = made.json()
    assert (made.status_code, handoff["status"], handoff["reason"]) == (201, "open", "asked")
    assert handoff["note"] == "call 138****5678"
    assert 1000 <= handoff["number"] <= 9999
    assert (handoff["is_staffed"], handoff["opens_at"]) == (True, None)
    assert metric(desk.gateway, "sightdesk_handoffs_total", reason="asked") == before + 1
    name = handoff["id"]
    status, claimed = desk.staff(ANNA, f"{name}/claim")
    assert (status, claimed["status"], claimed["assignee"]) == (200, "claimed", "anna")
    status, said = desk.staff(ANNA, f"{name}/messages", text=" I am looking. ")
    assert (status, said["text"], said["author"], said["role"]) == (
        201, "I am looking.", "anna", "staff",
    )  # fmt: skip
    status, done = desk.staff(ANNA, f"{name}/resolve", outcome="solved", note="found")
    assert (status, done["status"], done["outcome"]) == (200, "resolved", "solved")
    assert desk.notices(conversation) == [
        ("requested", "open"),
        ("claimed", "claimed"),
        ("resolved", "resolved"),
    ]
    turns = desk.customer.turns(conversation)
    assert [one["role"] for one in turns] == [
        "user", "assistant", "assistant", "assistant", "staff", "assistant",
    ]  # fmt: skip
    assert turns[4] == said


def test_the_same_one_is_given_while_it_is_not_resolved(desk: Desk) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    again = desk.ask_for(conversation, note="again", contact="anna@example.com")
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert again.json()["has_contact"]
    assert "anna@example.com" not in again.text
    _, shown = desk.call("GET", f"/api/desk/handoffs/{made['id']}", ANNA)
    assert shown["contact"] == "anna@example.com"
    desk.staff(BEN, f"{made['id']}/resolve", outcome="unsolved")
    after = desk.ask_for(conversation)
    assert (after.status_code, after.json()["id"] != made["id"]) == (201, True)


def test_of_eight_who_claim_at_once_one_wins(desk: Desk) -> None:
    made = desk.ask_for(desk.conversation()).json()
    staff = [ANNA, BEN] * 4
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda who: desk.staff(who, f"{made['id']}/claim"), staff))
    winner = next(told["assignee"] for status, told in found if status == 200)
    for who, (status, told) in zip(staff, found, strict=True):
        if who["x-sightdesk-user"] == winner:
            assert (status, told["assignee"]) == (200, winner)
        else:
            assert (status, told["code"]) == (409, "handoff_taken")
            assert told["details"]["assignee"] == winner


def test_a_deleted_conversation_takes_its_hand_over_with_it(desk: Desk) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    desk.customer.call("DELETE", f"/api/conversations/{conversation}")
    assert desk.call("GET", f"/api/desk/handoffs/{made['id']}", ANNA)[0] == 404
