"""What the worker does with each answer of a system, on a real port."""

import asyncio
import re
import time

import pytest
from sqlalchemy import select, update

from examples.rpa.receiver import task_of
from gateway.actions.store import HOLDER_SECONDS, ActionStore
from gateway.storage.action_tables import Action
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.turns import now
from tests.support.action_parts import NOWHERE, ORDER, OWNER, Parts, tools_at
from tests.support.action_system import System
from tests.support.action_tools import HTTPTool
from tests.support.action_work import ended, hurried, planned, working_at
from tests.support.databases import ask, whole

UNSURE = ("error before", "error after", "reset before", "reset after", "late", "nonsense")


async def test_a_confirmed_action_starts_at_once_and_tells_its_result(
    working: Parts, system: System, database: Database, conversations: Conversations
) -> None:
    ask(database, 1, owner=OWNER)
    async with working_at(working, poll=60):
        await asyncio.sleep(0.3)  # the first look is over: only the bell wakes it
        made = await asyncio.to_thread(working.propose)
        started = time.monotonic()
        await asyncio.to_thread(working.actions.confirm, OWNER, made)
        found = await ended(working, made, 2)
        assert time.monotonic() - started < 1
    assert found["status"] == "done"
    assert found["result"] == {"values": {"number": "N-1"}, "text": "办好了，单号 N-1。"}
    assert found["finished_at"] >= found["decided_at"]
    assert system.bodies[made] == ORDER
    assert working.steps(made) == ["proposed", "confirmed", "running", "done"]
    assert whole(conversations, owner=OWNER)["messages"][-1]["text"] == "办好了，单号 N-1。"


async def test_each_step_is_an_event_without_personal_data(
    working: Parts, database: Database
) -> None:
    made = working.propose(arguments={**ORDER, "phone": "13812345678"})
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        found = await ended(working, made)
    with database.reading() as session:
        events = [(one.type, one.data) for one in session.scalars(select(StoredEvent))]
    assert [name for name, _ in events] == [
        *("action.proposed", "action.confirmed", "action.running", "action.done")
    ]
    assert all(data["action"]["arguments"]["phone"] == "138****5678" for _, data in events)
    assert {data["conversation_id"] for _, data in events} == {found["conversation_id"]}
    name, data = events[-1]
    assert data["action"] == found
    assert task_of({"type": name, "data": data}).startswith("plain is done: ")


async def test_a_finished_action_is_kept_masked(working: Parts, system: System) -> None:
    made = working.propose(arguments={**ORDER, "phone": "13812345678"})
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        found = await ended(working, made)
    assert system.bodies[made]["phone"] == "13812345678"
    assert found["arguments"] == {**ORDER, "phone": "138****5678"}


@pytest.mark.parametrize("name", ["plain", "keyed"])
async def test_a_refusal_fails_with_the_systems_words(
    working: Parts, system: System, name: str
) -> None:
    system.plan = planned("refused")
    made = working.propose(name)
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        found = await ended(working, made)
    assert (found["status"], found["error"]) == ("failed", "已经发货，不能取消")
    assert system.requests[made] == 1


@pytest.mark.parametrize("way", UNSURE)
async def test_without_a_key_what_is_unsure_becomes_unknown(
    working: Parts, system: System, way: str
) -> None:
    if way == "late":
        hurried(working)
    system.plan = planned(way)
    made = working.propose("plain")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        found = await ended(working, made)
        await asyncio.sleep(0.2)
    assert found["status"] == "unknown"
    assert re.fullmatch("[\u4e00-\u9fff]{6,}", found["error"])
    assert re.search("[a-z]{4}", working.actions.audit(made, 0, 9)[-1]["reason"])
    assert system.requests[made] == 1


@pytest.mark.parametrize("way", UNSURE)
async def test_with_a_key_what_is_unsure_is_tried_again_and_done_once(
    working: Parts, system: System, way: str
) -> None:
    if way == "late":
        hurried(working)
    system.plan = planned(way, way, "fine")
    made = working.propose("keyed")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        assert (await ended(working, made))["status"] == "done"
    assert (system.requests[made], system.effects[made]) == (3, 1)
    counted = 'sightdesk_actions_total{connector="keyed",status="running"} 1.0'
    assert counted in working.metrics.render().decode()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plain", "It is not certain whether “Cancel the order” was done: the system has an error"),
        ("nowhere", "“Cancel the order” was not done: the system cannot be reached."),
    ],
)
async def test_an_end_is_told_in_the_customers_language(
    working: Parts, system: System, database: Database, conversations: Conversations, name: str,
    told: str,
) -> None:  # fmt: skip
    working.tools.tools["nowhere"] = HTTPTool("nowhere", NOWHERE)
    ask(database, 1, owner=OWNER)
    system.plan = planned("error before")
    made = working.propose(name, language="en")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        await ended(working, made)
    assert whole(conversations, owner=OWNER)["messages"][-1]["text"].startswith(told)


async def test_a_refusal_after_an_unsure_try_is_not_called_a_failure(
    working: Parts, system: System
) -> None:
    system.plan = planned("reset after", "refused")
    made = working.propose("keyed")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        assert (await ended(working, made))["status"] == "unknown"


@pytest.mark.parametrize("retries", [0, 2, 7])
async def test_tries_with_a_key_end_after_the_connectors_retries(
    working: Parts, system: System, retries: int
) -> None:
    working.tools.tools["keyed"].retries = retries
    system.plan = planned("error before")
    made = working.propose("keyed")
    working.actions.confirm(OWNER, made)
    async with working_at(working, first_pause=0.001):
        assert (await ended(working, made))["status"] == "unknown"
        await asyncio.sleep(0.2)
    assert system.requests[made] == retries + 1


async def test_an_unknown_action_is_settled_by_staff(
    working: Parts, system: System, database: Database, conversations: Conversations
) -> None:
    ask(database, 1, owner=OWNER)
    hurried(working)
    system.plan = planned("late")
    made = working.propose("plain")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        await ended(working, made)
    settled = working.actions.settle("wang", made, is_done=True, note="在 ERP 里查到了")
    assert settled["status"] == "done"
    last = working.actions.audit(made, 0, 9)[-1]
    assert (last["who"], last["from"], last["reason"]) == ("wang", "unknown", "在 ERP 里查到了")
    told = [turn["text"] for turn in whole(conversations, owner=OWNER)["messages"][-2:]]
    assert "请不要重复提交" in told[0]
    assert told[1] == "“取消订单”已完成。"


async def test_two_gateways_send_a_confirmed_action_once(
    working: Parts, system: System, url: str
) -> None:
    database = open_database(url, lambda: None)
    other = Parts(ActionStore(database), tools_at(system.url))
    made = [working.propose("plain", {"order": f"QH-{number}"}) for number in range(20)]
    try:
        async with working_at(working, other):
            for number, one in enumerate(made):
                confirmer = (working, other)[number % 2]
                await asyncio.to_thread(confirmer.actions.confirm, OWNER, one)
            found = [(await ended(working, one, 20))["status"] for one in made]
    finally:
        database.close()
    assert found == ["done"] * 20
    assert system.requests == dict.fromkeys(made, 1)


@pytest.mark.parametrize("change", ["gone", "stricter"])
async def test_a_connector_that_has_changed_meanwhile_sends_nothing(
    working: Parts, system: System, change: str
) -> None:
    made = working.propose("plain")
    working.actions.confirm(OWNER, made)
    if change == "gone":
        del working.tools.tools["plain"]
    else:
        working.tools.tools["plain"].parameters = {"type": "object", "required": ["reason"]}
    async with working_at(working):
        found = await ended(working, made)
    assert found["status"] == "failed"
    assert ("配置" if change == "gone" else "改变") in found["error"]
    assert not system.requests


async def test_secret_arguments_are_sent_and_forgotten(working: Parts, system: System) -> None:
    made = working.propose("secret", {**ORDER, "pin": "s3cr3t-9"})
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        assert (await ended(working, made))["status"] == "done"
    assert system.bodies[made]["pin"] == "s3cr3t-9"
    assert working.store.secrets.get(made) is None


async def test_secret_arguments_that_a_restart_has_lost_fail_the_action(
    working: Parts, system: System, url: str, database: Database
) -> None:
    made = working.propose("secret", {**ORDER, "pin": "s3cr3t-9"})
    working.actions.confirm(OWNER, made)
    again = open_database(url, lambda: None)
    restarted = Parts(ActionStore(again), tools_at(system.url))
    try:
        async with working_at(restarted):
            await asyncio.sleep(0.3)  # the gateway that holds them might still be there
            assert working.actions.of_owner(OWNER, made)["status"] == "confirmed"
            with database.connected() as connection:
                long_ago = now() - 1000 * HOLDER_SECONDS
                connection.execute(update(Action).values(decided_at=long_ago))
            found = await ended(working, made)
    finally:
        again.close()
    assert (found["status"], "保密" in found["error"]) == ("failed", True)
    assert not system.requests


async def test_a_proposal_expires_by_itself(working: Parts) -> None:
    made = working.propose("short")
    async with working_at(working):
        assert (await ended(working, made))["status"] == "expired"
    assert working.steps(made) == ["proposed", "expired"]
