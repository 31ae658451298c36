"""What matters of the rendered chart is as the files in golden/ say, so that a change is read by a
person before it is released."""

import copy
from typing import Any

import pytest

from tests.helm.conftest import VALUES, Manifest, rendered
from tests.helm.goldens import FOLDER, digest, path_of, text_of

# kind, part of its name, where in the manifest, another value
POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
CHANGES: dict[str, tuple[str, str, tuple[str | int, ...], Any]] = {
    "an image": ("Deployment", "gateway", (*CONTAINER, "image"), "sightdesk/gateway:latest"),
    "root": ("Deployment", "lite", (*POD, "securityContext", "runAsNonRoot"), False),
    "a writable root": (
        "Deployment", "nginx", (*CONTAINER, "securityContext", "readOnlyRootFilesystem"), False),
    "capabilities": (
        "Deployment", "gateway", (*CONTAINER, "securityContext", "capabilities"), {}),
    "escalation": (
        "Deployment", "gateway", (*CONTAINER, "securityContext", "allowPrivilegeEscalation"), True),
    "a service account": ("Deployment", "gateway", (*POD, "automountServiceAccountToken"), True),
    "a probe": (
        "Deployment", "gateway", (*CONTAINER, "readinessProbe"),
        {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5}),
    "no probe": ("Deployment", "lite", (*CONTAINER, "livenessProbe"), None),
    "a limit": ("Deployment", "gateway", (*CONTAINER, "resources", "limits", "memory"), "1Gi"),
    "a way in": ("NetworkPolicy", "lite", ("spec", "ingress"), [{"ports": [{"port": "http"}]}]),
    "a way out": ("NetworkPolicy", "lite", ("spec", "egress"), [{}]),
    "a trigger": (
        "ScaledObject", "gateway", ("spec", "triggers", 0, "metadata", "threshold"), "20"),
    "a budget": ("PodDisruptionBudget", "gateway", ("spec", "maxUnavailable"), 0),
    "the number": ("Deployment", "lite", ("spec", "replicas"), 1),
    "a setting": ("ConfigMap", "gateway", ("data", "TRUSTED_PROXIES"), "0.0.0.0/0"),
}  # fmt: skip


@pytest.mark.parametrize("values", VALUES)
def test_what_matters_is_as_in_the_golden_file(values: str | None) -> None:
    """After a change on purpose: `.venv/bin/python -m tests.helm.goldens`."""
    assert text_of(values) == path_of(values).read_text("utf-8")


def test_there_is_a_golden_file_for_each_example_and_no_other() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(map(path_of, VALUES))


@pytest.mark.parametrize(("kind", "name", "place", "value"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_that_matters_shows(
    kind: str, name: str, place: tuple[str | int, ...], value: Any
) -> None:
    before = rendered("llm-d.yaml")
    after: list[Manifest] = copy.deepcopy(before)
    (changed,) = [
        one for one in after if one["kind"] == kind and one["metadata"]["name"].endswith(name)
    ]
    *way, last = place
    inner: Any = changed
    for step in way:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value

    assert digest(after) != digest(before)
