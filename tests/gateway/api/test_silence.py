"""A person takes a conversation over, and the assistant is silent there until it is resolved."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.access import nginx, settings
from tests.support.servers import Running, running_gateway, wait_for, wait_until
from tests.support.visitor import Visitor, events

ANNA = nginx("anna")


@pytest.fixture(scope="module")
def desk(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("silence")
    more = settings(STAFF_USERS="anna", ANONYMOUS_NETWORKS="127.0.0.0/8")
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture
def customer(desk: Running) -> Iterator[Visitor]:
    with Visitor(desk.url) as made:
        yield made


def staff(desk: Running, path: str, **body: Any) -> dict[str, Any]:
    answer = requests.post(f"{desk.url}/api/desk/{path}", headers=ANNA, json=body, timeout=20)
    assert answer.ok, answer.text
    return dict(answer.json())


def asked_for_a_person(customer: Visitor, conversation: str) -> str:
    made = customer.call("POST", "/api/handoff", json={"conversation_id": conversation})
    assert made.status_code == 201
    return str(made.json()["id"])


def claimed(desk: Running, customer: Visitor, conversation: str) -> str:
    name = asked_for_a_person(customer, conversation)
    staff(desk, f"handoffs/{name}/claim")
    return name


def content(event: dict[str, Any]) -> str:
    return "".join(one["delta"].get("content") or "" for one in event["choices"])


def test_an_answer_in_flight_ends_at_the_claim_with_not_one_token_after_it(
    desk: Running, customer: Visitor, engine: Running
) -> None:
    conversation = customer.ask("hello")["conversation"]
    name = asked_for_a_person(customer, conversation)
    answer = events(customer.begin("endless", conversation))
    told = [next(answer)]
    while content(told[-1]) != " 3":
        told.append(next(answer))
    reader = threading.Thread(target=lambda: told.extend(answer))
    reader.start()
    claim = staff(desk, f"handoffs/{name}/claim")
    # The claim is answered once the answer is stored as far as the customer has it.
    stored = next(one for one in customer.turns(conversation) if one.get("state") == "stopped")
    reader.join(10)
    assert not reader.is_alive()
    assert "".join(map(content, told)) == stored["text"]
    assert told[-1]["sightdesk"]["handoff"] == {
        "id": name, "number": claim["number"], "status": "claimed", "assignee": "anna",
    }  # fmt: skip
    assert (stored["outcome"], stored["offer"]) == (None, None)
    read_again = customer.call("GET", f"/api/chat/{stored['id']}?from=0", stream=True)
    assert "".join(map(content, events(read_again))) == stored["text"]
    wait_until(lambda: not requests.get(engine.url + "/state", timeout=5).json()["running"], 5)


@pytest.mark.parametrize("stream", [True, False])
def test_a_message_in_a_claimed_conversation_is_kept_and_gets_the_hand_over_alone(
    desk: Running, customer: Visitor, *, stream: bool
) -> None:
    conversation = customer.ask("hello")["conversation"]
    name = claimed(desk, customer, conversation)
    answer = customer.begin("my phone is 13812345678", conversation, stream=stream)
    assert answer.status_code == 200
    if stream:
        [event] = list(events(answer))
        assert event["choices"] == []
        told = event["sightdesk"]
    else:
        body = answer.json()
        assert body["object"] == "chat.completion"
        assert body["choices"][0]["message"] == {"role": "assistant", "content": ""}
        told = body["sightdesk"]
    assert sorted(told) == ["conversation", "handoff", "outcome"]
    assert (told["outcome"], told["handoff"]["id"]) == ("handoff", name)
    assert (told["handoff"]["status"], told["handoff"]["assignee"]) == ("claimed", "anna")
    last = customer.turns(conversation)[-1]
    assert (last["role"], last["id"]) == ("user", told["conversation"]["turn"])
    assert last["text"] == "my phone is 138****5678"
    staff(desk, f"handoffs/{name}/messages", text="I am looking.")
    staff(desk, f"handoffs/{name}/resolve", outcome="solved")
    again = customer.ask("hello", conversation)
    assert customer.turns(conversation)[-1]["id"] == again["answer"]


def test_an_answer_that_is_not_streamed_is_dropped_at_the_claim(
    desk: Running, customer: Visitor
) -> None:
    conversation = customer.ask("hello")["conversation"]
    name = asked_for_a_person(customer, conversation)
    found: list[Any] = []

    def ask() -> None:
        found.append(customer.begin("slowly", conversation, stream=False).json())

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: customer.turns(conversation)[-1].get("state") == "writing", 10)
    staff(desk, f"handoffs/{name}/claim")
    asking.join(10)
    [body] = found
    assert body["choices"][0]["message"]["content"] == ""
    assert body["sightdesk"]["handoff"]["id"] == name
    [answer] = [one for one in customer.turns(conversation) if one.get("state") == "stopped"]
    assert answer["text"] == ""


def test_staff_hear_what_the_customer_writes_to_them(desk: Running, customer: Visitor) -> None:
    conversation = customer.ask("hello")["conversation"]
    claimed(desk, customer, conversation)
    live = requests.get(f"{desk.url}/api/desk/events", headers=ANNA, stream=True, timeout=20)
    lines = live.iter_lines(chunk_size=1)
    next(lines)
    turn = customer.begin("are you there?", conversation, stream=False).json()
    for line in lines:
        if line.startswith(b"data: ") and b"are you there?" in line:
            break
    live.close()
    data = json.loads(line[6:])
    assert (data["turn"]["role"], data["turn"]["text"]) == ("user", "are you there?")
    assert data["turn"]["id"] == turn["sightdesk"]["conversation"]["turn"]


def test_what_a_person_has_said_is_not_replaced(desk: Running, customer: Visitor) -> None:
    first = customer.ask("hello")
    name = claimed(desk, customer, first["conversation"])
    staff(desk, f"handoffs/{name}/messages", text="I am here.")
    before = [one["id"] for one in customer.turns(first["conversation"])]
    again = customer.begin(
        "hello again", first["conversation"], stream=False, metadata={"replaces": first["turn"]}
    )
    after = [one["id"] for one in customer.turns(first["conversation"])]
    assert after == [*before, again.json()["sightdesk"]["conversation"]["turn"]]


def test_the_second_answer_without_a_clause_offers_a_person_and_the_hand_over_knows_why(
    customer: Visitor,
) -> None:
    def offer(answer: requests.Response) -> Any:
        found = [one["sightdesk"].get("offer") for one in events(answer) if "sightdesk" in one]
        return next(filter(None, found), None)

    first = customer.begin("xyzzy plugh")
    told = [event["sightdesk"] for event in events(first) if "sightdesk" in event]
    conversation = told[0]["conversation"]["id"]
    assert {"outcome": "no_clause"} in told
    assert not any("offer" in one for one in told)
    assert offer(customer.begin("xyzzy frobnicate", conversation)) == {"reason": "no_clause"}
    last = customer.turns(conversation)[-1]
    assert last["offer"]["reason"] == "no_clause"
    made = customer.call("POST", "/api/handoff", json={"conversation_id": conversation}).json()
    assert made["reason"] == "no_clause"
    # Nothing more is offered while it waits.
    assert offer(customer.begin("xyzzy foo", conversation)) is None


def test_what_staff_have_written_is_told_to_the_engine_as_a_persons_words(
    desk: Running, customer: Visitor, engine: Running
) -> None:
    messages = [
        {"role": "user", "content": "my parcel is late"},
        {"role": "assistant", "name": "staff", "content": "It is in Hamburg. " + "x" * 3_000},
        {"role": "user", "content": "where is it again?"},
    ]
    told = list(events(customer.call("POST", "/api/chat", json={"messages": messages})))
    assert told
    [body] = requests.get(engine.url + "/state", timeout=5).json()["bodies"][-1:]
    said = next(one for one in body["messages"] if one["role"] == "assistant")
    assert said["content"].startswith("[A member of staff] It is in Hamburg. ")
    assert len(said["content"]) < 2_100
    assert "name" not in said
