"""The ticket desk takes a hand-over as a ticket, and its agent's replies reach the customer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from standardwebhooks import Webhook

from examples.staff import verified
from tests.support.access import nginx, settings
from tests.support.handoff_desk import Desk
from tests.support.http_client import until
from tests.support.paths import ROOT
from tests.support.servers import Running, free_port, running_gateway, wait_for
from tests.support.staff_key import staff_keys
from tests.support.visitor import Visitor
from tests.support.webhook_receiver import SECRET

ANNA = nginx("anna")


@contextmanager
def ticket_desk(sightdesk: str, port: int, folder: Path) -> Iterator[str]:
    environ = {
        **os.environ,
        "SIGHTDESK_URL": sightdesk,
        "SIGHTDESK_API_KEY": "sk-shop",
        "SIGHTDESK_STAFF_KEY": "sk-agents",
        "SIGHTDESK_SECRET": SECRET,
        "TICKETS": str(folder / "tickets.db"),
        "PORT": str(port),
    }
    module = [sys.executable, "-m", "examples.ticket-desk.server"]
    process = subprocess.Popen(module, cwd=ROOT, env=environ)
    try:
        wait_for(f"http://localhost:{port}/api/tickets", process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_a_hand_over_is_a_ticket_whose_replies_reach_the_customer(
    lite: Running, tmp_path: Path
) -> None:
    port, connectors = free_port(), tmp_path / "connectors"
    connectors.mkdir()
    events = ["handoff.requested", "handoff.message", "handoff.resolved"]
    entry = {"url": f"http://localhost:{port}/sightdesk-hooks", "events": events}
    hooks = [{**entry, "secret": "${CONNECTOR_TICKETS_SECRET}"}]
    (connectors / "webhooks.yaml").write_text(json.dumps(hooks))
    more = settings(
        ENGINE="lite",
        ANONYMOUS_NETWORKS="127.0.0.0/8",
        STAFF_USERS="anna",
        API_KEYS_FILE=str(staff_keys(tmp_path, agents="sk-agents")),
        CONNECTORS_DIR=str(connectors),
        CONNECTOR_TICKETS_SECRET=SECRET,
    )
    with (
        running_gateway(lite.url, tmp_path, **more) as gateway,
        ticket_desk(gateway.url, port, tmp_path) as tickets,
    ):
        wait_for(gateway.url + "/readyz")
        desk = Desk(gateway, Visitor(gateway.url))
        conversation = desk.conversation("where is my parcel?")
        made = desk.ask_for(conversation, note="please hurry").json()

        def ticket() -> dict[str, Any]:
            listed = requests.get(f"{tickets}/api/tickets", timeout=5).json()["tickets"]
            found = [one["id"] for one in listed if one["channel"] == "SightDesk"]
            if not found:
                return {}
            shown: dict[str, Any] = requests.get(
                f"{tickets}/api/tickets/{found[0]}", timeout=5
            ).json()
            return shown

        until(ticket)
        opened = ticket()
        assert (opened["subject"], opened["handoff"]) == ("please hurry", made["id"])
        assert opened["messages"][0]["text"] == "where is my parcel?"
        path = f"{tickets}/api/tickets/{opened['id']}"
        said = requests.post(f"{path}/replies", json={"text": "One moment."}, timeout=10)
        assert said.status_code == 201
        turns = desk.customer.turns(conversation)
        assert [(one["text"], one["author"]) for one in turns if one["role"] == "staff"] == [
            ("One moment.", "agents")
        ]
        desk.customer.begin("thank you", conversation).close()
        until(lambda: ticket()["messages"][-1]["text"] == "thank you")
        assert requests.post(f"{path}/status", json={"status": "solved"}, timeout=10).ok
        assert desk.status(ANNA, made["id"]) == "resolved"
        late = requests.post(f"{path}/replies", json={"text": "One more thing."}, timeout=10)
        assert late.status_code == 502
        assert ticket()["messages"][-1]["text"] == "thank you"  # what was not said is not kept


def test_the_standard_library_checks_what_the_package_signs() -> None:
    body, moment = '{"type": "handoff.requested"}', datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", moment, body),
    }
    assert verified(SECRET, headers, body.encode()) == {"type": "handoff.requested"}
    assert verified(SECRET, headers, body.encode() + b" ") is None
    assert verified(SECRET, {**headers, "webhook-id": "msg_2"}, body.encode()) is None
    assert verified(SECRET, {**headers, "webhook-timestamp": "1"}, body.encode()) is None
    assert verified(SECRET, {}, body.encode()) is None
