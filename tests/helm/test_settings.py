"""The settings that the chart gives the gateway and nginx."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tests.helm.conftest import CHART, helm, named, pods

def with_values(folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Manifests of the chart with a file of values, whose numbers helm reads as floats."""
    path = folder / "values.yaml"
    path.write_text(json.dumps(values))
    text = helm("template", "desk", str(CHART), "--namespace", "shop", "--values", str(path))
    return [one for one in yaml.safe_load_all(text) if one]


def test_numbers_are_written_as_they_were_given(tmp_path: Path) -> None:
    numbers = {"MAX_BODY_BYTES": 134217728, "IMAGE_MAX_PIXELS": 1000000, "BREAKER_RESET": 0.5}
    manifests = with_values(
        tmp_path,
        {
            "engine": {"kind": "vllm", "model": {"maxModelLen": 1048576}},
            "gateway": {"settings": numbers},
        },
    )
    settings = named(manifests, "ConfigMap", "gateway")["data"]
    (engine,) = pods(manifests)["StatefulSet desk-sightdesk-engine"]["containers"]

    assert {name: settings[name] for name in numbers} == {
        "MAX_BODY_BYTES": "134217728",
        "IMAGE_MAX_PIXELS": "1000000",
        "BREAKER_RESET": "0.5",
    }
    assert settings["MAX_MODEL_LEN"] == "1048576"
    assert {"name": "MAX_MODEL_LEN", "value": "1048576"} in engine["env"]


def test_a_setting_replaces_the_charts_own_and_stands_there_once() -> None:
    text = helm(
        *("template", "desk", str(CHART), "--show-only", "templates/gateway.yaml"),
        *("--set", "gateway.settings.STAFF_USERS=li"),
    )

    assert re.findall(r"^ +STAFF_USERS: (.*)$", text, re.MULTILINE) == ["li"]
