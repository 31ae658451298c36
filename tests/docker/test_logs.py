"""The real stack's logs: one form, and one request's way through the containers."""

import json
import os
import subprocess
import sys

import requests

from scripts.logs import CONTROL
from tests.support.docker_stack import Stack, compose
from tests.support.paths import ROOT
from tests.support.screens import picture_message, screen
from tests.support.servers import wait_until

REQUEST = "way-of-one.request"
SERVICES = ("nginx", "gateway", "lite")


def way(stack: Stack) -> list[str]:
    """The lines of `make logs REQUEST=…`."""
    environ = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": "sightdesk-test",
        "COMPOSE_DISABLE_ENV_FILE": "1",
        **stack.environ,
    }
    command = ["make", "-s", "logs", f"REQUEST={REQUEST}", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_one_request_is_found_in_every_container_in_the_order_of_its_work(stack: Stack) -> None:
    answer = requests.post(
        f"{stack.url}/v1/chat/completions?token=secret",
        headers={"authorization": f"Bearer {stack.key}", "x-request-id": REQUEST},
        json={"model": "sightdesk", "messages": [picture_message("运单号？", screen("waybill"))]},
        timeout=120,
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-request-id"] == REQUEST
    wait_until(lambda: len(way(stack)) >= 5, 30)
    lines = [line.split() for line in way(stack)[1:]]
    assert [line[1] for line in lines[:3]] == ["nginx", "gateway", "lite"]
    routes = {(line[1], line[4]) for line in lines if line[2] == "request"}
    assert {
        ("nginx", "/v1/chat/completions"),
        ("gateway", "/v1/chat/completions"),
        ("lite", "/v1/read"),
        ("lite", "/v1/chat/completions"),
    } <= routes


def test_every_line_of_nginx_gateway_and_lite_has_the_same_form(stack: Stack) -> None:
    requests.get(f"{stack.url}/api/config?token=secret", timeout=30)
    for service in SERVICES:
        text = compose("logs", "--no-log-prefix", "--no-color", service, **stack.environ).stdout
        lines = [line for line in CONTROL.sub("", text).splitlines() if line.strip()]
        told = [json.loads(line) for line in lines if line.startswith("{")]
        assert told, service
        for line in told:
            assert list(line)[:3] == ["time", "level", "event"], (service, line)
        # What a program says before its log is set up keeps its own form.
        others = [line for line in lines if not line.startswith("{")]
        assert not [line for line in others if "request" in line or "http" in line], service
        assert "secret" not in text
        assert stack.key not in text
