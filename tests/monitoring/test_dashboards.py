"""Every panel of every dashboard returns data, from a real Prometheus that scrapes two gateways
under load. vLLM, the GPU's and the other exporters are replayed (tests/data/metrics/README.md)."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.desk_load import loaded_gateways
from tests.support.metrics_replay import replaying
from tests.support.prometheus import MONITORING, Prometheus, quick_config, running_prometheus
from tests.support.servers import wait_until

FILES = sorted((MONITORING / "grafana/dashboards").glob("*.json"))
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in FILES}
PANELS = [
    pytest.param(target["expr"], id=f"{name}-{panel['title']}-{target['refId']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    for target in panel.get("targets", ())
]
# Grafana's variable: at least four looks of the scraper.
RATE_INTERVAL = "8s"
SECONDS = 90


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    with replaying() as replay, loaded_gateways(folder / "faulty") as gateways:
        targets = {
            name: [f"{replay}/{name}"] for name in ("node", "nginx", "redis", "postgres", "gpu")
        }
        targets["engine"] = [f"{replay}/vllm"]
        targets["gateway"] = [one.url.removeprefix("http://") for one in gateways]
        config = quick_config(folder, targets)
        with running_prometheus(config) as started:
            yield started


def test_every_target_is_scraped(prometheus: Prometheus) -> None:
    jobs = {"gateway", "engine", "gpu", "node", "nginx", "redis", "postgres"}
    wait_until(lambda: {one["metric"]["job"] for one in prometheus.query("up == 1")} >= jobs, 60)
    wait_until(lambda: len(prometheus.query('up{job="gateway"} == 1')) == 2, 60)


@pytest.mark.parametrize("expression", PANELS)
def test_a_panel_has_data(prometheus: Prometheus, expression: str) -> None:
    expression = expression.replace("$__rate_interval", RATE_INTERVAL)
    assert "$" not in expression

    def has_data() -> bool:
        values = [float(one["value"][1]) for one in prometheus.query(expression)]
        return any(math.isfinite(value) for value in values)

    wait_until(has_data, SECONDS)


@pytest.mark.parametrize("name", BOARDS)
def test_grafana_can_place_and_name_the_panels(name: str) -> None:
    """What Grafana itself would complain of, since it cannot run here."""
    board = BOARDS[name]
    assert board["uid"] == f"sightdesk-{name}"
    assert board["title"]
    assert board["schemaVersion"] >= 41
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["type"] in ("row", "stat", "timeseries"), panel["title"]
        assert panel["type"] == "row" or panel["targets"], panel["title"]
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(letters) == len(set(letters)), panel["title"]


def test_dashboards_and_sources_are_provisioned_where_the_files_are() -> None:
    folder = MONITORING / "grafana/provisioning"
    sources = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    known = {source["uid"] for source in sources}
    used = {
        source["uid"]
        for board in BOARDS.values()
        for panel in board["panels"]
        for source in [
            panel.get("datasource"),
            *(one["datasource"] for one in panel.get("targets", ())),
        ]
        if source
    }
    assert used == {"prometheus"}
    assert used <= known
    [provider] = yaml.safe_load((folder / "dashboards/sightdesk.yml").read_text())["providers"]
    compose = (Path(MONITORING).parents[1] / "compose/monitoring.yml").read_text()
    assert f"./deploy/monitoring/grafana/dashboards:{provider['options']['path']}:ro" in compose
