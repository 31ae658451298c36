"""The gateway needs more memory than its container may have, and the kernel ends it."""

import signal
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, answers_kept, asking, people
from tests.support.memory_limit import can_limit, memory_group
from tests.support.nginx import nginx_before
from tests.support.servers import Running, free_port, running_gateway, started_by, wait_for

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not can_limit(), reason="limits memory: needs root and control groups"),
]
KEY = {"authorization": "Bearer sk-shop", "content-type": "application/json"}
LARGE = b"{" + b" " * 16 * 1024**2


def test_a_gateway_out_of_memory_is_missed_until_it_is_started_again(
    engine: Running, tmp_path: Path, tell: Tell
) -> None:
    data, front = tmp_path / "data", tmp_path / "front"
    data.mkdir()
    front.mkdir()
    settings = {**GATEWAY, "PORT": str(free_port())}
    with memory_group("gateway") as group, ExitStack() as gateways:
        with started_by(group.around):
            gateway = gateways.enter_context(running_gateway(engine.url, data, **settings))
        wait_for(gateway.url + "/readyz")
        with nginx_before(gateway.url, front, **NGINX) as desk, asking(desk, people()) as crowd:
            crowd.all_saw(ANSWERED)
            crowd.breaks()
            group.leave_no_room()
            with suppress(requests.ConnectionError):
                requests.post(f"{gateway.url}/api/chat", LARGE, headers=KEY, timeout=30)
            assert gateway.process.wait(30) == -signal.SIGKILL
            crowd.saw("503 upstream_unavailable")
            gateways.enter_context(running_gateway(engine.url, data, **settings))  # as Docker does
            crowd.all_saw(ANSWERED)
            tell("gateway out of memory", crowd)
        answered = sum(one.what == ANSWERED for one in crowd.seen)
        assert answers_kept(data) >= answered > 10, "nothing acknowledged is lost"
