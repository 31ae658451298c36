"""The profile `monitoring` in real Docker: everything is scraped, and an alert leaves the host.

Grafana is not started: its files are checked in tests/monitoring.
"""

import time
from typing import Any

import pytest

from tests.support.docker_stack import compose
from tests.support.monitored_stack import Watched
from tests.support.servers import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

JOBS = {"gateway", "node", "nginx", "redis", "postgres", "prometheus", "alertmanager"}
ALERT_SECONDS = 120  # from a fault to the message about it


def test_everything_is_scraped_and_nothing_is_wrong(watched: Watched) -> None:
    prometheus = watched.prometheus
    wait_until(lambda: {one["metric"]["job"] for one in prometheus.query("up == 1")} >= JOBS, 120)
    wait_until(lambda: not prometheus.query("up == 0"), 120)
    for healthy in ("nginx_up == 1", "redis_up == 1", "pg_up == 1", "sightdesk_database_up == 1"):
        wait_until(lambda healthy=healthy: prometheus.query(healthy), 60)  # type: ignore[misc]  # mypy infers no default of a lambda
    assert prometheus.query('node_filesystem_size_bytes{mountpoint="/disks/docker"} > 0')
    firing = 'ALERTS{alertstate="firing",alertname!="Watchdog",alertname!~"Disk.*|MemoryLow"}'
    # Alertmanager started after Prometheus, which may have missed it.
    wait_until(lambda: not prometheus.query(firing), 120)


def test_the_dead_mans_switch_leaves_the_host(watched: Watched) -> None:
    wait_until(lambda: ("Watchdog", "firing") in watched.told(), ALERT_SECONDS)


@pytest.mark.parametrize(
    ("service", "alert"),
    [("lite", "EngineDown"), ("nginx", "NginxDown"), ("redis", "RateLimitsLocal"),
     ("postgres", "DatabaseDown"), ("gateway", "GatewayDown")],
)  # fmt: skip
def test_an_alert_about_a_stopped_part_leaves_the_host_within_two_minutes(
    watched: Watched, service: str, alert: str, record_property: Any
) -> None:
    compose("stop", service, **watched.environ)
    stopped = time.monotonic()
    try:
        wait_until(lambda: (alert, "firing") in watched.told(), ALERT_SECONDS)
        record_property("seconds", round(time.monotonic() - stopped))
        print(f"{alert}: {time.monotonic() - stopped:.0f} s after {service} was stopped")
    finally:
        compose("start", service, **watched.environ)
