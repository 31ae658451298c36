"""The chart, rendered by the real helm."""

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/sightdesk"
EXAMPLES = ROOT / "deploy/helm/examples"
# `None`: the chart's own defaults.
VALUES = [None, *sorted(path.name for path in EXAMPLES.glob("*.yaml"))]

Manifest = dict[str, Any]


class Refused(Exception):
    """helm's error."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("helm") is None and not os.environ.get("REQUIRE_HELM"):
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="helm is not installed"))


def helm(*arguments: str) -> str:
    """Stdout of helm. Raises Refused with its error."""
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def chosen(values: str | None) -> list[str]:
    return ["--values", str(EXAMPLES / values)] if values else []


@functools.cache
def rendered(values: str | None = None, *settings: str) -> list[Manifest]:
    """Manifests of the chart with an example's values and settings such as `gateway.replicas=2`."""
    given = [part for setting in settings for part in ("--set", setting)]
    text = helm("template", "desk", str(CHART), "--namespace", "shop", *chosen(values), *given)
    return [one for one in yaml.safe_load_all(text) if one]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one of that kind and name, without the release's prefix."""
    (found,) = [
        one
        for one in manifests
        if one["kind"] == kind and one["metadata"]["name"].removeprefix("desk-sightdesk-") == name
    ]
    return found


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The specs of all pods, by kind and name."""
    return {
        f"{one['kind']} {one['metadata']['name']}": one["spec"]["template"]["spec"]
        for one in manifests
        if one["kind"] in ("Deployment", "StatefulSet", "Job")
    }
