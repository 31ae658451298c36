"""A process of the desk is killed or stopped while people ask."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, Crowd, answers_kept, asking, people
from tests.support.nginx import nginx_before
from tests.support.prometheus import Prometheus, quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert, silent
from tests.support.servers import Running, free_port, running, running_gateway, wait_for

pytestmark = [pytest.mark.calm, pytest.mark.long]
CUT_OFF = {"502 upstream_error", "503 upstream_unavailable", "upstream_error in the stream"}
BROKEN = {"ChunkedEncodingError", "ConnectionError"}  # nginx ends a stream whose gateway has died
STOPPED_SECONDS = 4.0


@dataclass(slots=True)
class Desk:
    crowd: Crowd
    prometheus: Prometheus
    engine: Running
    gateway: Running
    gateways: ExitStack
    data: Path
    settings: dict[str, str]

    def start_gateway_again(self) -> None:
        """As Docker does."""
        again = running_gateway(self.engine.url, self.data, **self.settings)
        self.gateway = self.gateways.enter_context(again)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    data, front, watch = (tmp_path / name for name in ("data", "front", "watch"))
    for folder in (data, front, watch):
        folder.mkdir()
    with two_engines() as (engine, second), ExitStack() as gateways:
        settings = {**GATEWAY, "PORT": str(free_port()), "FALLBACK_ENGINE_URL": second.url}
        gateway = gateways.enter_context(running_gateway(engine.url, data, **settings))
        wait_for(gateway.url + "/readyz")
        watched = quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        with (
            nginx_before(gateway.url, front, **NGINX) as url,
            running_prometheus(watched) as prometheus,
            asking(url, people()) as crowd,
        ):
            made = Desk(crowd, prometheus, engine, gateway, gateways, data, settings)
            crowd.all_saw(ANSWERED)
            silent(prometheus, "GatewayDown", "EngineDown", "EngineFailing")
            crowd.breaks()
            yield made
    answered = sum(one.what == ANSWERED for one in crowd.seen)
    assert answers_kept(data) >= answered > 10, "nothing acknowledged is lost"


@contextmanager
def two_engines() -> Iterator[tuple[Running, Running]]:
    with (
        running("tests.support.fake_engine", {}) as one,
        running("tests.support.fake_engine", {}) as two,
    ):
        yield one, two


def test_a_killed_gateway_is_missed_until_it_is_started_again(desk: Desk, tell: Tell) -> None:
    desk.gateway.process.kill()
    desk.gateway.process.wait(10)
    desk.crowd.saw("503 upstream_unavailable")
    seen_by_alert(desk.prometheus, "GatewayDown")
    desk.start_gateway_again()
    desk.crowd.all_saw(ANSWERED)
    tell("gateway killed", desk.crowd)
    assert set(desk.crowd.report()) <= {ANSWERED} | CUT_OFF | BROKEN


def test_people_wait_for_a_gateway_that_stands_still(desk: Desk, tell: Tell) -> None:
    desk.gateway.process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    desk.gateway.process.send_signal(signal.SIGCONT)
    desk.crowd.all_saw(ANSWERED)
    tell("gateway stopped for 4 s", desk.crowd)
    assert set(desk.crowd.report()) == {ANSWERED}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_the_fallback_answers_for_an_engine_that_is_gone(
    how: signal.Signals, desk: Desk, tell: Tell
) -> None:
    desk.engine.process.send_signal(how)
    seen_by_alert(desk.prometheus, "EngineDown")
    desk.crowd.all_saw(ANSWERED)
    tell(f"engine: {how.name}", desk.crowd)
    desk.engine.process.send_signal(signal.SIGCONT)
    in_flight = {"upstream_error in the stream", "upstream_timeout in the stream"}
    assert set(desk.crowd.report()) <= {ANSWERED} | in_flight | {"504 upstream_timeout"}


def test_the_fallback_answers_for_an_engine_that_talks_nonsense(desk: Desk, tell: Tell) -> None:
    requests.post(desk.engine.url + "/nonsense", timeout=10)
    desk.crowd.saw("upstream_error in the stream")
    seen_by_alert(desk.prometheus, "EngineFailing")
    desk.crowd.all_saw(ANSWERED)
    tell("engine talks nonsense", desk.crowd)
    assert set(desk.crowd.report()) <= {ANSWERED} | CUT_OFF
