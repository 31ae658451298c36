"""Pods start anew when an upgrade changes what they read at their start."""

import base64
from pathlib import Path

import pytest
import yaml

from tests.helm.conftest import CHART, Manifest, helm, named, rendered
from tests.support.kubernetes import cluster_with_secret

GENERATED = "desk-sightdesk-secrets"
READERS = ("gateway", "nginx", "redis")
KNOWN = {"BASIC_AUTH_PASSWORD": "known", "PROXY_SECRET": "known", "EMBED_SECRET": "known"}
GENERATED_TOO = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "AWS_SECRET_ACCESS_KEY")
WHOLE = KNOWN | dict.fromkeys(GENERATED_TOO, "known")


def checksums(manifests: list[Manifest], part: str = "gateway") -> dict[str, str]:
    template = named(manifests, "Deployment", part)["spec"]["template"]
    found: dict[str, str] = template["metadata"]["annotations"]
    return found


def in_cluster(folder: Path, name: str, secret: dict[str, str], *more: str) -> list[Manifest]:
    """Manifests of an upgrade in a cluster that has the Secret `name`."""
    with cluster_with_secret(folder, name, secret) as kubeconfig:
        text = helm(
            *("template", "desk", str(CHART), "--namespace", "shop", "--dry-run=server"),
            *("--disable-openapi-validation", "--kubeconfig", str(kubeconfig)),
            *("--set", "redis.kind=bundled", *more),
        )
    return [one for one in yaml.safe_load_all(text) if one]


@pytest.mark.parametrize(
    ("setting", "changed"),
    [
        ("gateway.settings.RATE_LIMIT_USER=3/minute", "checksum/settings"),
        ("allowedIps=10.0.0.0/8", "checksum/settings"),
        ("engine.model.name=Qwen3-VL-4B", "checksum/settings"),
        ("knowledge.files.shop\\.md=text", "checksum/folders"),
        ("connectors.files.track\\.yaml=text", "checksum/folders"),
    ],
)
def test_a_changed_setting_or_folder_starts_gateways_anew(setting: str, changed: str) -> None:
    before, after = checksums(rendered()), checksums(rendered(None, setting))
    different = {name for name in before if before[name] != after[name]}

    assert different - {"checksum/secret"} == {changed}


@pytest.mark.parametrize(
    ("name", "more"),
    [(GENERATED, ()), ("own", ("--set", "secrets.existingSecret=own"))],
)
def test_a_changed_secret_starts_those_who_read_it_anew(
    name: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    first, same, other = (
        in_cluster(tmp_path, name, {**WHOLE, "EMBED_SECRET": secret}, *more)
        for secret in ("one", "one", "two")
    )

    for part in READERS:
        kept = checksums(first, part)
        assert kept == checksums(same, part), part
        assert kept["checksum/secret"] != checksums(other, part)["checksum/secret"], part


def test_an_upgrade_keeps_the_secrets_and_adds_what_is_missing(tmp_path: Path) -> None:
    manifests = in_cluster(tmp_path, GENERATED, {**KNOWN, "API_KEYS": "shop:sk-1"})
    data = named(manifests, "Secret", "secrets")["data"]
    values = {name: base64.b64decode(value).decode() for name, value in data.items()}

    assert (KNOWN | {"API_KEYS": "shop:sk-1"}).items() <= values.items()
    assert len(values["POSTGRES_PASSWORD"]) == 32
