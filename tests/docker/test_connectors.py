"""The overlay for business systems: the gateway reaches them, and nothing else does."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.docker_stack import Stack, compose

FILES = "docker-compose.yml:compose/connectors.yml:examples/business/compose.yml"
NETWORK = "sightdesk-test-connectors"
CONNECT = "import socket; socket.create_connection(('{}', {}), 3)"


@pytest.fixture(scope="module")
def systems(stack: Stack) -> Iterator[dict[str, str]]:
    """The settings of the stack with the example business beside it."""
    own = {
        "COMPOSE_FILE": FILES,
        "CONNECTORS_NETWORK": NETWORK,
        "CONNECTOR_BUSINESS_TOKEN": "between-the-two",
    }
    environ = {**stack.environ, **own}
    try:
        started = compose("up", "-d", "--wait", "--no-build", "gateway", "business", **environ)
        assert started.returncode == 0, started.stderr[-2000:]
        yield environ
    finally:
        compose("rm", "-s", "-f", "business", **environ)
        compose("up", "-d", "--wait", "--no-build", "gateway", **stack.environ)
        subprocess.run(["docker", "network", "rm", NETWORK], capture_output=True)


def connects(environ: dict[str, str], service: str, host: str, port: int) -> bool:
    """Whether a process in the service's container can open a connection."""
    tried = compose(
        *("exec", "-T", service, "/venv/bin/python", "-c", CONNECT.format(host, port)), **environ
    )
    return tried.returncode == 0


def address_of(environ: dict[str, str]) -> str:
    identity = compose("ps", "-q", "business", **environ).stdout.strip()
    form = f'{{{{(index .NetworkSettings.Networks "{NETWORK}").IPAddress}}}}'
    shown = subprocess.run(
        ["docker", "inspect", "-f", form, identity], capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


@pytest.mark.timeout(300)
def test_a_system_in_the_connectors_network_is_asked(stack: Stack, systems: dict[str, str]) -> None:
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": "快递 SF1402857369214 到哪了？"}],
    }
    key = {"authorization": f"Bearer {stack.key}"}
    answer = requests.post(stack.url + "/v1/chat/completions", json=body, headers=key, timeout=60)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [one["status"] for one in told["sightdesk"]["tools"]] == ["done"], told
    assert "派送途中" in told["choices"][0]["message"]["content"]


@pytest.mark.timeout(120)
def test_only_the_gateway_reaches_it(systems: dict[str, str]) -> None:
    address = address_of(systems)
    assert connects(systems, "gateway", "business", 8300)
    assert connects(systems, "gateway", address, 8300)
    assert not connects(systems, "lite", "business", 8300)
    assert not connects(systems, "lite", address, 8300)
    assert not connects(systems, "business", "lite", 3002)
    assert not connects(systems, "business", "192.0.2.1", 80)
    assert not connects(systems, "gateway", "192.0.2.1", 80)
