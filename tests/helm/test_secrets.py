"""A secret among the plain settings is refused, with a sentence that says where it belongs."""

import pytest

from gateway.settings import SECRETS
from scripts.env_file import SECRET_NAME
from tests.helm.conftest import CHART, Refused, named, pods, rendered

FURTHER = {"BASIC_AUTH_PASSWORD", "RATE_LIMIT_STORAGE", "AWS_SECRET_ACCESS_KEY"}
NAMES = sorted({name.upper() for name in SECRETS} | FURTHER)


def refusal(*settings: str) -> str:
    with pytest.raises(Refused) as refused:
        rendered(None, *settings)
    return str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_of_the_chart_belongs_into_its_secret(name: str) -> None:
    told = refusal(f"gateway.settings.{name}=value-1")

    assert f"gateway.settings.{name}" in told
    assert "put it into secrets.existingSecret" in told
    assert "value-1" not in told


@pytest.mark.parametrize(
    "setting",
    [
        "CONNECTOR_LOGISTICS_TOKEN=abc",
        "CONNECTOR_SHOP_PASSWORD=abc",
        "CONNECTOR_SHOP_URL=https://desk:abc@shop.example.com/v1",
    ],
)
def test_a_secret_of_another_name_belongs_into_the_further_environment(setting: str) -> None:
    told = refusal(f"gateway.settings.{setting}")

    assert "gateway.extraEnv with valueFrom.secretKeyRef" in told
    assert "abc" not in told


def test_a_secret_in_the_further_environment_is_a_reference() -> None:
    entry = "gateway.extraEnv[0].name=CONNECTOR_LOGISTICS_TOKEN"
    reference = "gateway.extraEnv[0].valueFrom.secretKeyRef"

    told = refusal(entry, "gateway.extraEnv[0].value=abc")
    assert "by valueFrom.secretKeyRef, not by value" in told
    assert rendered(None, entry, f"{reference}.name=own", f"{reference}.key=token")


def test_rates_and_addresses_without_a_password_are_settings() -> None:
    manifests = rendered(
        None,
        "gateway.settings.RATE_LIMIT_KEY=60/minute",
        "gateway.settings.CONNECTOR_SHOP_URL=https://shop.example.com/v1",
    )

    assert named(manifests, "ConfigMap", "gateway")["data"]["RATE_LIMIT_KEY"] == "60/minute"


def test_the_chart_knows_a_secret_by_the_same_names_as_the_scripts() -> None:
    checks = (CHART / "templates/checks.yaml").read_text("utf-8")

    assert f'"{SECRET_NAME.pattern}"' in checks


def test_the_gateway_gets_each_of_its_secrets_from_the_secret() -> None:
    manifests = rendered(
        None,
        *("secrets.existingSecret=own", "database.kind=external", "redis.kind=external"),
        *("files.kind=external", "files.url=s3://desk/files"),
    )
    (container,) = pods(manifests)["Deployment desk-sightdesk-gateway"]["containers"]
    given = {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"]}
    of_compose = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}

    assert {name.upper() for name in SECRETS} - of_compose <= given.keys()
    assert all(name == key for name, key in given.items())
