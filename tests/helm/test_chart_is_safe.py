"""What the chart runs keeps the restricted Pod Security Standard, has its secrets by reference, and
reaches only what it must."""

import re
from typing import Any

import pytest
import yaml

from gateway.settings import Settings
from scripts.env_example import OTHERS
from tests.helm.conftest import ROOT, VALUES, Manifest, named, pods, rendered

# Names that belong to libraries: the client of object stores.
FOREIGN = {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
# A line of Redis's settings in a script of the shell. Sizes differ.
REDIS_SETTING = re.compile(r"'((?!maxmemory \d)[a-z-]+ [^'%]+)'")
PARTS = ["nginx", "gateway", "lite", "engine", "fetch", "migrate", "postgres", "redis", "store"]


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_keeps_the_restricted_standard(values: str | None) -> None:
    for name, pod in pods(rendered(values)).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any(key in pod for key in ("hostNetwork", "hostPID", "hostIPC")), name
        assert not any("hostPath" in volume for volume in pod["volumes"]), name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert "memory" in container["resources"]["limits"], name
            _, tag = container["image"].rsplit(":", 1)
            assert tag != "latest", name


@pytest.mark.parametrize("values", VALUES)
def test_everything_that_serves_says_when_it_is_ready(values: str | None) -> None:
    for name, pod in pods(rendered(values)).items():
        if not name.startswith("Job"):
            (container,) = pod["containers"]
            assert {"readinessProbe", "livenessProbe"} <= set(container), name


@pytest.mark.parametrize("values", VALUES)
def test_the_settings_are_the_gateways(values: str | None) -> None:
    known = {name.upper() for name in Settings.model_fields} | {name for name, *_ in OTHERS}
    manifests = rendered(values)
    (gateway,) = pods(manifests)["Deployment desk-sightdesk-gateway"]["containers"]
    given = set(named(manifests, "ConfigMap", "gateway")["data"])
    given |= {one["name"] for one in gateway["env"]}

    assert given - known - FOREIGN == set()


@pytest.mark.parametrize("values", VALUES)
def test_secrets_are_given_by_reference(values: str | None) -> None:
    for name, pod in pods(rendered(values)).items():
        for container in pod["containers"]:
            for one in container.get("env", []):
                if one["name"].endswith(("_PASSWORD", "_SECRET", "_KEYS", "_TOKEN")):
                    assert "secretKeyRef" in one["valueFrom"], f"{name}: {one['name']}"


def test_a_secret_that_exists_is_used_and_none_is_made() -> None:
    manifests = rendered("llm-d.yaml")

    assert "Secret" not in {one["kind"] for one in manifests}
    (container,) = pods(manifests)["Deployment desk-sightdesk-gateway"]["containers"]
    names = {
        one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one
    }
    assert names == {"desk"}


def test_generated_secrets_are_long_and_kept_when_the_release_goes() -> None:
    secret = named(rendered(), "Secret", "secrets")

    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert {"BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET"} <= set(secret["data"])
    assert all(len(value) >= 40 for value in secret["data"].values())
    assert len(set(secret["data"].values())) == len(secret["data"])


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_is_under_a_network_policy(values: str | None) -> None:
    manifests = rendered(values)
    covered = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in manifests
        if one["kind"] == "NetworkPolicy" and one["spec"]["policyTypes"] == ["Ingress", "Egress"]
    }
    running = {
        one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for one in manifests
        if one["kind"] in ("Deployment", "StatefulSet", "Job")
    }

    assert covered == set(PARTS)
    assert running <= covered


def test_only_nginx_is_reached_from_outside_and_only_the_download_goes_out() -> None:
    manifests = rendered("four-gpus.yaml")
    policies = {part: named(manifests, "NetworkPolicy", part)["spec"] for part in PARTS}
    open_to_all = {
        part
        for part, spec in policies.items()
        if any("from" not in r for r in rules(spec, "ingress"))
    }
    # Names are looked up everywhere; port 53 alone names nobody.
    reaches_all = {
        part
        for part, spec in policies.items()
        if any(
            "to" not in r and {p["port"] for p in r["ports"]} != {53} for r in rules(spec, "egress")
        )
    }

    assert open_to_all == {"nginx"}
    assert reaches_all == {"fetch"}
    for part in ("lite", "engine", "postgres", "redis", "store"):
        assert rules(policies[part], "egress") == [], part
    assert peers(policies["engine"], "ingress") == {"gateway"}
    assert peers(policies["lite"], "ingress") == {"gateway"}
    assert peers(policies["store"], "ingress") == {"gateway"}
    assert peers(policies["gateway"], "ingress") == {"nginx"}
    assert peers(policies["nginx"], "egress") == {"gateway"}


def test_replicas_survive_a_drained_node() -> None:
    manifests = rendered("four-gpus.yaml")
    budgets = {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"]["maxUnavailable"]
        for one in manifests
        if one["kind"] == "PodDisruptionBudget"
    }

    assert budgets == {"nginx": 1, "lite": 1, "gateway": 1, "engine": 1}
    for name, pod in pods(manifests).items():
        (spread,) = pod["topologySpreadConstraints"]
        assert spread["topologyKey"] == "kubernetes.io/hostname", name


def test_the_password_of_redis_is_no_argument() -> None:
    (container,) = pods(rendered("four-gpus.yaml"))["Deployment desk-sightdesk-redis"]["containers"]

    assert "--requirepass" not in yaml.dump(container)


def test_redis_has_the_settings_of_compose_but_for_its_size() -> None:
    """In both it is full of running answers sooner than of counts, and drops what ends first."""
    (container,) = pods(rendered("four-gpus.yaml"))["Deployment desk-sightdesk-redis"]["containers"]
    compose = (ROOT / "compose/entrypoint/redis.sh").read_text("utf-8")
    here, there = (set(REDIS_SETTING.findall(text)) for text in (container["args"][0], compose))

    assert here == there - {"bind 0.0.0.0", "dir /data"}
    assert "maxmemory-policy volatile-ttl" in here


def rules(spec: Manifest, direction: str) -> list[dict[str, Any]]:
    return spec[direction] or []


def peers(spec: Manifest, direction: str) -> set[str]:
    """Parts that its rules name."""
    side = "from" if direction == "ingress" else "to"
    return {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in rules(spec, direction)
        for peer in rule.get(side, [])
        if "podSelector" in peer
    }
