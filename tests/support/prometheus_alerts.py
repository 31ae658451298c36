"""Whether the project's alerts see a fault that a test has made."""

import re
from functools import cache
from typing import Any

import yaml

from tests.support.prometheus import PROMETHEUS, Prometheus
from tests.support.servers import wait_until

WITHIN_SECONDS = 120  # from a fault to its alert
LOOKS_SECONDS = 2 * 15  # in earnest a scrape and an evaluation take up to 15 s each


def seen_by_alert(prometheus: Prometheus, name: str, seconds: float = 60) -> float:
    """Waits until the alert is pending or fires. Returns the seconds in which it would have fired
    with the project's own intervals, at most WITHIN_SECONDS."""
    waited = wait_until(lambda: prometheus.query(f'ALERTS{{alertname="{name}"}}'), seconds)
    until_it_fires = waited + LOOKS_SECONDS + held_for(name)
    assert until_it_fires <= WITHIN_SECONDS
    return until_it_fires


def silent(prometheus: Prometheus, *names: str) -> None:
    """Waits until the gateway is scraped and these alerts are not even pending: before its first
    scrape GatewayDown is, and a test of a fault would take that for its own."""
    wait_until(lambda: prometheus.query('up{job="gateway"} == 1'), 60)
    pending = f'ALERTS{{alertname=~"{"|".join(names)}"}}'
    wait_until(lambda: not prometheus.query(pending), 60)


@cache
def held_for(name: str) -> float:
    """Seconds for which its condition must hold."""
    [rule] = [one for one in _rules() if one.get("alert") == name]
    number, unit = re.fullmatch(r"(\d+)([sm])", rule.get("for", "0s")).groups()  # type: ignore[union-attr]  # a rule without one fails here
    return float(number) * {"s": 1, "m": 60}[unit]


def _rules() -> list[dict[str, Any]]:
    files = (PROMETHEUS / "rules").glob("*.yml")
    groups = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]
