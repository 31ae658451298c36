"""The name server is gone while people ask."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, asking, people
from tests.support.http_client import metric
from tests.support.name_server import NameServer, asking_it, name_server
from tests.support.nginx import looking_up, nginx_before
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert
from tests.support.servers import (
    Running,
    running,
    running_gateway,
    started_by,
    wait_for,
    wait_until,
)

pytestmark = [
    pytest.mark.calm,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="serves names at port 53: needs root"),
]
UNAVAILABLE = "503 upstream_unavailable"
GONE_SECONDS = 8.0  # nginx asks for a name again after one
FOUND_SECONDS = 6.0  # looked up every two


@contextmanager
def gateway_by_name(folder: Path, names: NameServer) -> Iterator[Running]:
    """A gateway that knows its engine by name only."""
    data = folder / "data"
    data.mkdir()
    around = partial(asking_it, names)
    with running("tests.support.fake_engine", {}) as engine:
        url = engine.url.replace("127.0.0.1", "engine.test")
        with started_by(around), running_gateway(url, data, **GATEWAY) as gateway:
            wait_for(gateway.url + "/readyz")
            yield gateway


@pytest.mark.parametrize("mode", ["silent", "fails"])
def test_the_gateway_goes_on_with_the_addresses_that_it_knows(
    mode: str, tmp_path: Path, tell: Tell
) -> None:
    front, watch = tmp_path / "front", tmp_path / "watch"
    for folder in (front, watch):
        folder.mkdir()
    with (
        name_server(tmp_path) as names,
        gateway_by_name(tmp_path, names) as gateway,
        nginx_before(gateway.url, front, **NGINX) as desk,
        running_prometheus(
            quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        ) as prometheus,
        asking(desk, people()) as crowd,
    ):
        crowd.all_saw(ANSWERED)
        names.mode = mode
        crowd.breaks()
        seen_by_alert(prometheus, "NamesNotFound")
        crowd.all_saw(ANSWERED)
        assert metric(gateway, "sightdesk_upstream_up") == 1
        names.mode = "answers"
        wait_until(lambda: metric(gateway, "sightdesk_names_found") == 1, 60)
        crowd.all_saw(ANSWERED)
        tell(f"name server {mode}, the gateway", crowd)
        assert set(crowd.report()) == {ANSWERED}


@pytest.mark.parametrize("mode", ["silent", "fails"])
def test_nginx_goes_on_with_the_addresses_that_were_found_last(
    mode: str, tmp_path: Path, tell: Tell
) -> None:
    front = tmp_path / "front"
    front.mkdir()
    with (
        name_server(tmp_path) as names,
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, tmp_path, **GATEWAY) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        named = gateway.url.replace("127.0.0.1", "gateway.test")
        around = partial(asking_it, names)
        with (
            nginx_before(named, front, around=around, **NGINX) as desk,
            looking_up(front, named, around),
            asking(desk, people()) as crowd,
        ):
            crowd.all_saw(ANSWERED)
            names.mode = mode
            crowd.breaks()
            time.sleep(GONE_SECONDS)
            crowd.all_saw(ANSWERED)
            tell(f"name server {mode}, nginx", crowd)
            assert set(crowd.report()) == {ANSWERED}
            names.address = "127.0.0.2"  # nobody listens there
            names.mode = "answers"
            crowd.saw(UNAVAILABLE)
            names.address = "127.0.0.1"
            assert crowd.all_saw(ANSWERED) < FOUND_SECONDS
