"""The routes of actions: owners decide about their own, staff about all."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from gateway.actions.store import ActionStore
from gateway.storage.database import open_database
from tests.support.access import bearer, nginx, settings
from tests.support.action_parts import ORDER, Parts, tools_at
from tests.support.action_system import System, running_system
from tests.support.http_client import metric
from tests.support.servers import Running, running_gateway
from tests.support.visitor import Visitor

MINE, OTHERS, STAFF, GUEST = bearer("sk-shop"), bearer("sk-other"), nginx("admin"), nginx("guest")


@dataclass(slots=True)
class Desk:
    gateway: Running
    parts: Parts  # proposes into the gateway's database
    system: System
    number: int = 0

    def propose(self, name: str = "plain", **more: Any) -> str:
        self.number += 1
        return self.parts.propose(name, {"order": f"QH-{self.number}"}, **more)

    def call(self, method: str, path: str, headers: dict[str, str], **more: Any) -> tuple[int, Any]:
        answer = requests.request(
            method, self.gateway.url + path, headers=headers, timeout=20, **more
        )
        told = answer.json()
        return answer.status_code, told["error"] if answer.status_code >= 400 else told

    def ended(self, action_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.call("GET", f"/api/actions/{action_id}", MINE)[1]
            if found["status"] not in ("proposed", "confirmed", "running"):
                return found
            time.sleep(0.02)
        raise AssertionError(found)


@pytest.fixture(scope="module")
def desk(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("desk")
    with (
        running_system() as system,
        running_gateway(
            engine.url,
            data,
            "tests.support.gateway_with_actions",
            **settings(STAFF_USERS="admin", ACTION_SYSTEM=system.url),
        ) as gateway,
    ):
        database = open_database(f"sqlite:///{data}/sightdesk.db", lambda: None)
        yield Desk(gateway, Parts(ActionStore(database), tools_at(system.url)), system)
        database.close()


def test_an_owner_confirms_and_the_action_is_carried_out_once(desk: Desk) -> None:
    made = desk.propose()
    status, shown = desk.call("GET", f"/api/actions/{made}", MINE)
    assert (status, shown["status"], shown["object"]) == (200, "proposed", "action")
    before = metric(desk.gateway, "sightdesk_actions_total", connector="plain", status="done")
    status, confirmed = desk.call("POST", f"/api/actions/{made}/confirm", MINE, json={})
    assert (status, confirmed["status"]) == (200, "confirmed")
    done = desk.ended(made)
    assert done["status"] == "done"
    assert desk.call("POST", f"/api/actions/{made}/confirm", MINE) == (200, done)
    assert desk.system.requests[made] == 1
    after = metric(desk.gateway, "sightdesk_actions_total", connector="plain", status="done")
    assert after == before + 1


def test_eight_clicks_at_the_same_moment_do_it_once(desk: Desk) -> None:
    made = desk.propose()
    with ThreadPoolExecutor(8) as threads:
        path = f"/api/actions/{made}/confirm"
        found = list(threads.map(lambda _: desk.call("POST", path, MINE, json={}), range(8)))
    assert {status for status, _ in found} == {200}
    assert desk.ended(made)["status"] == "done"
    assert desk.system.requests[made] == 1


@pytest.mark.parametrize("headers", [OTHERS, GUEST, STAFF])
@pytest.mark.parametrize(
    ("method", "step"), [("GET", ""), ("POST", "/confirm"), ("POST", "/cancel")]
)
def test_another_owner_finds_nothing(
    desk: Desk, headers: dict[str, str], method: str, step: str
) -> None:
    made = desk.propose()
    status, error = desk.call(method, f"/api/actions/{made}{step}", headers)
    assert (status, error["code"]) == (404, "not_found")


def test_a_decided_action_refuses_the_other_decision(desk: Desk) -> None:
    made = desk.propose()
    path = f"/api/actions/{made}"
    status, found = desk.call("POST", f"{path}/cancel", MINE, json={"reason": "不要了"})
    assert (status, found["status"], found["decided_by"]) == (200, "cancelled", "customer")
    assert desk.call("POST", f"{path}/cancel", MINE)[0] == 200
    status, error = desk.call("POST", f"{path}/confirm", MINE)
    assert (status, error["code"]) == (409, "action_not_pending")
    assert error["details"] == {"status": "cancelled"}


def test_an_expired_action_says_so(desk: Desk) -> None:
    made = desk.propose("short")
    for step in ("confirm", "cancel"):
        status, error = desk.call("POST", f"/api/actions/{made}/{step}", MINE)
        assert (status, error["code"]) == (409, "action_expired")


def test_what_is_for_staff_is_not_the_customers(desk: Desk) -> None:
    made = desk.propose("staffed")
    for step in ("confirm", "cancel"):
        status, error = desk.call("POST", f"/api/actions/{made}/{step}", MINE)
        assert (status, error["code"]) == (403, "staff_only")


def test_staff_find_edit_and_approve(desk: Desk) -> None:
    made = desk.propose("staffed")
    for name in ("proposed", ""):
        status, found = desk.call("GET", f"/api/desk/actions?status={name}&limit=500", STAFF)
        assert status == 200
        assert made in [one["id"] for one in found["data"]]
    path = f"/api/desk/actions/{made}"
    assert desk.call("GET", path, STAFF)[1]["by"] == "staff"
    status, error = desk.call("POST", f"{path}/confirm", STAFF, json={"arguments": {"order": 1}})
    assert (status, error["code"], error["param"]) == (400, "invalid_request", "arguments")
    assert error["details"]["problems"]
    given = {"arguments": {"order": "QH-edited"}, "reason": "客户来电更正"}
    status, found = desk.call("POST", f"{path}/confirm", STAFF, json=given)
    assert (status, found["decided_by"]) == (200, "admin")
    assert desk.ended(made)["status"] == "done"
    assert desk.system.bodies[made] == {"order": "QH-edited"}
    _, audit = desk.call("GET", f"/api/desk/audit?action={made}", STAFF)
    assert [(one["who"], one["from"], one["to"]) for one in audit] == [
        ("assistant", None, "proposed"),
        ("admin", "proposed", "confirmed"),
        ("gateway", "confirmed", "running"),
        ("gateway", "running", "done"),
    ]
    assert "客户来电更正" in audit[1]["reason"]


def test_staff_reject_with_a_reason(desk: Desk) -> None:
    path = f"/api/desk/actions/{desk.propose('staffed')}/reject"
    assert desk.call("POST", path, STAFF, json={})[0] == 400
    status, found = desk.call("POST", path, STAFF, json={"reason": "已发货"})
    assert (status, found["status"], found["error"]) == (200, "cancelled", "已发货")


def test_staff_settle_what_is_unknown(desk: Desk) -> None:
    made = desk.propose()
    path = f"/api/desk/actions/{made}/settle"
    given = {"outcome": "failed", "note": "ERP 里没有"}
    status, error = desk.call("POST", path, STAFF, json=given)
    assert (status, error["code"]) == (409, "action_not_pending")
    desk.system.plan = lambda *_: "reset after"
    desk.call("POST", f"/api/actions/{made}/confirm", MINE)
    assert desk.ended(made)["status"] == "unknown"
    desk.system.plan = lambda *_: "fine"
    assert desk.call("POST", path, STAFF, json=given)[1]["status"] == "failed"


def test_the_audit_begins_where_it_is_asked_to(desk: Desk) -> None:
    desk.propose()
    later = int(time.time()) + 60
    for start in (later, "2999-01-01", "2999-01-01T08:00:00Z"):
        told = desk.call("GET", f"/api/desk/audit?from={start}", STAFF)
        assert told == (200, [])
    for start in ("", "2020-01-01"):
        _, found = desk.call("GET", f"/api/desk/audit?action=&from={start}&limit=1", STAFF)
        assert found[0]["to"] == "proposed"
    status, error = desk.call("GET", "/api/desk/audit?from=yesterday", STAFF)
    assert (status, error["code"], error["param"]) == (400, "invalid_request", "from")


@pytest.mark.parametrize("path", ["actions", "actions/x", "audit"])
def test_nobody_but_staff_sees_the_desk(desk: Desk, path: str) -> None:
    for headers in (MINE, GUEST):
        status, error = desk.call("GET", f"/api/desk/{path}", headers)
        assert (status, error["code"]) == (403, "staff_only")


@pytest.mark.parametrize("query", ["status=none", "limit=0", "limit=501"])
def test_a_list_that_cannot_be_is_refused(desk: Desk, query: str) -> None:
    assert desk.call("GET", f"/api/desk/actions?{query}", STAFF)[0] == 400


def test_a_page_of_another_origin_and_a_form_confirm_nothing(desk: Desk) -> None:
    made = desk.propose()
    path = f"/api/actions/{made}/confirm"
    evil = {**MINE, "origin": "https://evil.example"}
    assert desk.call("POST", path, evil, json={})[1]["code"] == "origin_not_allowed"
    form = {**MINE, "content-type": "application/x-www-form-urlencoded"}
    assert desk.call("POST", path, form, data=b"a=b")[0] == 415
    assert desk.call("POST", path, MINE, json={"arguments": ORDER})[0] == 400
    assert desk.call("GET", f"/api/actions/{made}", MINE)[1]["status"] == "proposed"


def test_a_deleted_conversation_leaves_no_action_to_decide_and_no_personal_data(
    desk: Desk,
) -> None:
    conversation = Visitor(desk.gateway.url, "sk-shop").ask("hi")["conversation"]
    given = {"phone": "13812345678"}
    made = [
        desk.parts.propose(name, {"order": f"QH-d{name}", **given}, conversation_id=conversation)
        for name in ("plain", "staffed")
    ]
    kept = desk.propose()
    assert desk.call("DELETE", f"/api/conversations/{conversation}", MINE)[0] == 200
    for one in made:
        status, error = desk.call("POST", f"/api/desk/actions/{one}/confirm", STAFF)
        assert (status, error["code"]) == (409, "action_not_pending")
        stored = desk.parts.store.get(one)
        assert stored.status == "cancelled"
        assert stored.arguments["phone"] == "138****5678"
    assert desk.parts.store.get(kept).status == "proposed"
