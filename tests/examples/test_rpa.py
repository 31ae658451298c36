"""The example receiver: verifies, drops repeats, writes work; fed by a real gateway."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.http_client import metric, until
from tests.support.paths import ROOT, SCREENS
from tests.support.servers import Running, free_port, running_gateway, wait_for
from tests.support.visitor import Visitor
from tests.support.webhook_receiver import SECRET

WORK = "http://127.0.0.1:{port}"


@pytest.fixture
def rpa(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environ = {
        **os.environ,
        "RPA_SECRET": SECRET,
        "PORT": str(port),
        "WORK": str(tmp_path / "work.db"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.rpa.receiver"], cwd=ROOT, env=environ
    )
    try:
        wait_for(WORK.format(port=port) + "/work", process)
        yield WORK.format(port=port)
    finally:
        process.terminate()
        process.wait(10)


def work(rpa: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(rpa + "/work", timeout=5).json()
    return found


def test_fields_of_a_screenshot_and_a_hand_over_become_work(
    lite: Running, rpa: str, tmp_path: Path
) -> None:
    settings = {
        "CONNECTORS_DIR": str(ROOT / "examples" / "rpa"),
        "CONNECTOR_RPA_URL": rpa + "/hooks",
        "CONNECTOR_RPA_SECRET": SECRET,
    }
    with running_gateway(lite.url, tmp_path, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        data = (SCREENS / "order.png").read_bytes()
        file = me.call("POST", "/api/files", files={"file": ("order.png", data)}).json()["id"]
        parts = [
            {"type": "text", "text": "订单号是多少？"},
            {"type": "file", "file": {"file_id": file}},
        ]
        conversation = me.ask(parts)["conversation"]
        me.call("POST", "/api/handoff", json={"conversation_id": conversation})
        until(lambda: len(work(rpa)) == 2)
        fields, handoff = work(rpa)
        assert fields["type"] == "fields.read"
        assert "order_number=" in fields["task"]
        assert handoff["task"] == f"open a ticket for {conversation}"
        until(
            lambda: metric(gateway, "sightdesk_webhook_deliveries_total", outcome="delivered") == 2
        )
        assert SECRET not in gateway.log.read_text()


def test_a_forged_or_repeated_message_makes_no_work(rpa: str) -> None:
    from datetime import UTC, datetime

    from standardwebhooks import Webhook

    body = '{"type": "handoff.requested", "timestamp": "", "data": {"conversation_id": "c"}}'
    moment = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", moment, body),
    }
    forged = {**headers, "webhook-id": "msg_2"}
    assert requests.post(rpa + "/hooks", body, headers=forged, timeout=5).status_code == 401
    assert requests.post(rpa + "/hooks", body, timeout=5).status_code == 401
    told = [requests.post(rpa + "/hooks", body, headers=headers, timeout=5) for _ in range(2)]
    assert [one.json() for one in told] == [{"new": True}, {"new": False}]
    assert [row["task"] for row in work(rpa)] == ["open a ticket for c"]
