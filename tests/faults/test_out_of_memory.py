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
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert, silent
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
    data, front, watch = (tmp_path / name for name in ("data", "front", "watch"))
    for folder in (data, front, watch):
        folder.mkdir()
    settings = {**GATEWAY, "PORT": str(free_port())}
    with memory_group("gateway") as group, ExitStack() as gateways:
        with started_by(group.around):
            gateway = gateways.enter_context(running_gateway(engine.url, data, **settings))
        wait_for(gateway.url + "/readyz")
        watched = quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        with (
            nginx_before(gateway.url, front, **NGINX) as desk,
            running_prometheus(watched) as prometheus,
            asking(desk, people()) as crowd,
        ):
            crowd.all_saw(ANSWERED)
            silent(prometheus, "GatewayDown")
            crowd.breaks()
            group.leave_no_room()
            with suppress(requests.ConnectionError):
                requests.post(f"{gateway.url}/api/chat", LARGE, headers=KEY, timeout=30)
            assert gateway.process.wait(30) == -signal.SIGKILL
            crowd.saw("503 upstream_unavailable")
            seen_by_alert(prometheus, "GatewayDown")
            gateways.enter_context(running_gateway(engine.url, data, **settings))  # as Docker does
            crowd.all_saw(ANSWERED)
            tell("gateway out of memory", crowd)
        answered = sum(one.what == ANSWERED for one in crowd.seen)
        assert answers_kept(data) >= answered > 10, "nothing acknowledged is lost"
