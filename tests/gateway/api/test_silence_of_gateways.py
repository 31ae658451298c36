"""A claim on one gateway silences the assistant on another one that shares the database."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.support.access import nginx, settings
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.visitor import Visitor, events

ANNA = nginx("anna")
HEAR_SECONDS = 3.0  # events are looked for twice a second; the machine may be busy


@pytest.fixture(scope="module")
def two(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    data = tmp_path_factory.mktemp("shared")
    more = settings(STAFF_USERS="anna", ANONYMOUS_NETWORKS="127.0.0.0/8")
    with ExitStack() as stack:
        started = [stack.enter_context(running_gateway(engine.url, data, **more)) for _ in range(2)]
        for gateway in started:
            wait_for(gateway.url + "/readyz")
        yield started


@pytest.fixture
def handoff(two: list[Running]) -> tuple[Visitor, str, str]:
    """(the customer at the second gateway, the conversation, the id of its hand-over)."""
    customer = Visitor(two[1].url)
    conversation = customer.ask("hello")["conversation"]
    made = customer.call("POST", "/api/handoff", json={"conversation_id": conversation}).json()
    return customer, conversation, str(made["id"])


def staff(gateway: Running, path: str, **body: Any) -> None:
    url = f"{gateway.url}/api/desk/handoffs/{path}"
    requests.post(url, headers=ANNA, json=body, timeout=20).raise_for_status()


def test_an_answer_of_another_gateway_ends_soon_after_the_claim(
    two: list[Running], handoff: tuple[Visitor, str, str]
) -> None:
    customer, conversation, name = handoff
    answer = events(customer.begin("endless", conversation))
    told = [next(answer) for _ in range(8)]
    staff(two[0], f"{name}/claim")
    told += answer
    assert told[-1]["sightdesk"]["handoff"]["assignee"] == "anna"
    words = sum(bool(one["choices"] and one["choices"][0]["delta"]) for one in told)
    assert words < 100 * HEAR_SECONDS  # the engine writes a hundred a second, for thirty seconds
    [stored] = [one for one in customer.turns(conversation) if one.get("state") == "stopped"]
    text = [one["choices"][0]["delta"].get("content", "") for one in told if one["choices"]]
    assert stored["text"] == "".join(text)


def test_another_gateway_is_silent_and_speaks_again_without_having_heard_of_it(
    two: list[Running], handoff: tuple[Visitor, str, str]
) -> None:
    customer, conversation, name = handoff
    for _ in range(3):
        staff(two[0], f"{name}/claim")
        body = customer.begin("hello", conversation, stream=False).json()
        assert body["choices"][0]["message"]["content"] == ""
        staff(two[0], f"{name}/release")
        body = customer.begin("hello", conversation, stream=False).json()
        assert body["choices"][0]["message"]["content"] != ""
        assert body["sightdesk"].get("handoff", {}).get("status") != "claimed"
