"""PostgreSQL and Redis are gone and back while people ask."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, NOT_KEPT, Crowd, asking, people
from tests.support.nginx import nginx_before
from tests.support.postgres import running_postgres
from tests.support.prometheus import Prometheus, quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert, silent
from tests.support.redis import redis_server
from tests.support.servers import running, running_gateway, wait_for

pytestmark = [pytest.mark.calm, pytest.mark.long]


@contextmanager
def desk(folder: Path, **settings: str) -> Iterator[tuple[Crowd, Prometheus]]:
    front, watch = folder / "front", folder / "watch"
    for one in (front, watch):
        one.mkdir()
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, folder, **{**GATEWAY, **settings}) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        config = quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        with (
            nginx_before(gateway.url, front, **NGINX) as url,
            running_prometheus(config) as prometheus,
            asking(url, people()) as crowd,
        ):
            crowd.all_saw(ANSWERED)
            silent(prometheus, "DatabaseDown", "RateLimitsLocal")
            yield crowd, prometheus


def test_answers_go_on_while_postgresql_is_gone_and_are_kept_once_it_is_back(
    tmp_path: Path, tell: Tell
) -> None:
    with (
        running_postgres() as postgres,
        desk(tmp_path, DATABASE_URL=postgres.url()) as (crowd, prometheus),
    ):
        postgres.control("-m", "immediate", "stop")
        crowd.breaks()
        seen_by_alert(prometheus, "DatabaseDown")
        crowd.all_saw(NOT_KEPT)
        postgres.start()
        crowd.all_saw(ANSWERED)
        tell("PostgreSQL gone and back", crowd)
        assert set(crowd.report()) == {ANSWERED, NOT_KEPT}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_nobody_notices_that_redis_is_gone(how: signal.Signals, tmp_path: Path, tell: Tell) -> None:
    with (
        redis_server() as (url, redis),
        desk(tmp_path, RATE_LIMIT_STORAGE=url) as (crowd, prometheus),
    ):
        redis.send_signal(how)
        crowd.breaks()
        seen_by_alert(prometheus, "RateLimitsLocal")
        crowd.all_saw(ANSWERED)
        redis.send_signal(signal.SIGCONT)
        crowd.all_saw(ANSWERED)
        tell(f"Redis: {how.name}", crowd)
        assert set(crowd.report()) == {ANSWERED}
