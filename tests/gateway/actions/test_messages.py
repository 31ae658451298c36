"""The message to the customer that follows an action whose connector has `notify`."""

from typing import Any

import pytest
from sqlalchemy import update

from gateway.storage.action_tables import Action
from gateway.storage.database import Database
from tests.support.action_parts import OWNER, Parts
from tests.support.action_system import System
from tests.support.action_work import ended, working_at


def message_of(parts: Parts, action_id: str) -> dict[str, Any]:
    [message] = [one for one in parts.actions.listed(None, 9) if one["parent"] == action_id]
    return message


async def test_what_a_connector_notifies_is_one_more_action_and_no_more(
    working: Parts, system: System
) -> None:
    made = working.propose("notifying")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        await ended(working, made)
        message = message_of(working, made)
        found = await ended(working, message["id"])
    assert (found["connector"], found["by"], found["status"]) == ("plain", "nobody", "done")
    assert found["decided_by"] is None
    assert working.steps(message["id"]) == ["confirmed", "running", "done"]
    assert len(working.actions.listed(None, 9)) == 2


@pytest.mark.parametrize("outcome", ["done", "failed"])
async def test_what_staff_have_found_is_told_as_well(
    working: Parts, system: System, outcome: str
) -> None:
    tool = working.tools.tools["notifying"]
    tool.retries, tool.notifies_of = 0, ("done", "failed")
    made = working.propose("notifying")
    system.plan = lambda action, _: "reset before" if action == made else "fine"
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        assert (await ended(working, made))["status"] == "unknown"
        assert len(working.actions.listed(None, 9)) == 1
        working.actions.settle("wang", made, is_done=outcome == "done", note="looked")
        message = message_of(working, made)
        assert (await ended(working, message["id"]))["status"] == "done"
    told = "“取消订单”已完成。" if outcome == "done" else "工作人员核实后确认没有办成。"
    assert system.bodies[message["id"]]["phone"] == told


async def test_an_action_whose_gateway_died_is_told_of_as_well(
    working: Parts, system: System, database: Database
) -> None:
    working.tools.tools["notifying"].notifies_of = ("unknown",)
    made = working.propose("notifying")
    working.actions.confirm(OWNER, made)
    died = {"status": "running", "worker": "another", "lease_until": 1, "has_key": False}
    with database.connected() as connection:
        connection.execute(update(Action).values(tries=1, **died))
    async with working_at(working):
        assert (await ended(working, made))["status"] == "unknown"
        message = message_of(working, made)
        assert (await ended(working, message["id"]))["status"] == "done"
    assert system.bodies[message["id"]]["phone"] == "处理过程中断了。"
    assert system.requests[made] == 0
