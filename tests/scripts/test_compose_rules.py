"""The rules for services in Docker: each one finds what it is for."""

import copy
from typing import Any

import pytest

from scripts.compose_rules import (
    OVERLAYS,
    PROFILES,
    ROOT,
    combinations,
    faults,
    faults_of_replicas,
)

GOOD: dict[str, Any] = {
    "image": "nginx:1.28",
    "user": "101:101",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "268435456",
    "pids_limit": 1024,
    "restart": "unless-stopped",
    "healthcheck": {"test": ["CMD", "true"]},
    "logging": {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}},
    "ports": [{"target": 9090, "host_ip": "127.0.0.1"}],
    "volumes": [
        {"type": "bind", "source": "/project/knowledge", "target": "/knowledge", "read_only": True},
        {"type": "volume", "source": "data", "target": "/data"},
    ],
}


def test_a_service_that_keeps_all_rules_has_no_fault() -> None:
    assert list(faults("some", GOOD)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"image": "nginx"}, "not pinned"),
        ({"image": "nginx:latest"}, "not pinned"),
        ({"user": None}, "runs as root"),
        ({"user": "0:0"}, "runs as root"),
        ({"user": "root"}, "runs as root"),
        ({"read_only": False}, "writable"),
        ({"cap_drop": []}, "capabilities"),
        ({"cap_add": ["NET_ADMIN"]}, "capabilities"),
        ({"security_opt": []}, "privileges"),
        ({"privileged": True}, "is privileged"),
        ({"network_mode": "host"}, "host's network_mode"),
        ({"pid": "host"}, "host's pid"),
        ({"mem_limit": "0"}, "memory is not limited"),
        ({"pids_limit": 0}, "processes are not limited"),
        ({"logging": {}}, "not rotated"),
        ({"healthcheck": {}}, "no health check"),
        ({"restart": "always"}, "restart"),
        ({"ports": [{"target": 9090, "host_ip": "0.0.0.0"}]}, "published to other hosts"),
        ({"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "read_only": True}]},
         "Docker's socket"),
        ({"volumes": [{"type": "bind", "source": "/project"}]}, "may write to /project"),
        ({"volumes": [{"type": "volume", "target": "/data"}]}, "has no name"),
    ],
)  # fmt: skip
def test_each_fault_is_found(change: dict[str, Any], fault: str) -> None:
    service = {name: value for name, value in {**copy.deepcopy(GOOD), **change}.items() if value}
    found = list(faults("some", service))
    assert len(found) == 1, found
    assert fault in found[0]


def test_nginx_alone_may_be_reached_from_other_hosts() -> None:
    public = {**GOOD, "ports": [{"target": 80, "host_ip": "0.0.0.0"}]}
    assert list(faults("nginx", public)) == []


def test_a_digest_is_a_pin_too() -> None:
    pinned = {**GOOD, "image": "registry.example/nginx@sha256:" + "0" * 64}
    assert list(faults("some", pinned)) == []


def test_each_set_of_profiles_is_looked_at_with_each_engine() -> None:
    looked_at = {(engine, frozenset(profiles)) for engine, profiles, _ in combinations()}
    assert len(looked_at) == 3 * 2 ** len(PROFILES)


def test_each_overlay_is_looked_at() -> None:
    overlays = {
        f"compose/{path.name}"
        for path in (ROOT / "compose").glob("*.yml")
        if "COMPOSE_FILE=docker-compose.yml:" in path.read_text("utf-8")
    }

    assert len(overlays) > 5
    assert overlays <= {name for names in OVERLAYS for name in names}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"networks": {"private": None}}, "not in the network outside"),
        ({"environment": {"ENGINE": "lite"}}, "ALLOW_REMOTE_IMAGES is not as gateway's"),
        ({"volumes": []}, "/connectors is not mounted"),
        ({"volumes": [{"source": "/other", "target": "/connectors"}]}, "/connectors is not"),
    ],
)
def test_further_gateways_have_what_the_first_one_has(change: dict[str, Any], fault: str) -> None:
    first = {
        "networks": {"private": None, "outside": None},
        "environment": {"ENGINE": "lite", "ALLOW_REMOTE_IMAGES": "true"},
        "volumes": [{"source": "/connectors", "target": "/connectors"}],
    }
    found = list(faults_of_replicas({"gateway": first, "gateway-replica": {**first, **change}}))

    assert len(found) == 1, found
    assert fault in found[0]
    assert list(faults_of_replicas({"gateway": first, "gateway-replica": first})) == []
    assert list(faults_of_replicas({"gateway": first})) == []
