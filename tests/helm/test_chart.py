"""The chart: valid for Kubernetes, and with the engines, settings and promises it was told."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.helm.conftest import (
    CHART,
    ROOT,
    VALUES,
    Manifest,
    Refused,
    chosen,
    helm,
    named,
    pods,
    rendered,
)

# The oldest that Chart.yaml allows, one between, and the newest that the schemas know.
VERSIONS = ["1.29", "1.33", "1.37"]
# Resources of operators, which Kubernetes' own schemas do not know.
OPERATORS = {"HTTPRoute", "PrometheusRule", "ScaledObject", "ServiceMonitor"}


@pytest.mark.parametrize("values", VALUES)
def test_helm_finds_nothing_wrong(values: str | None) -> None:
    helm("lint", "--strict", str(CHART), *chosen(values))


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid_for_kubernetes(values: str | None, version: str) -> None:
    manifests = [one for one in rendered(values) if one["kind"] not in OPERATORS]

    assert len(manifests) > 5
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_without_values_lite_runs_without_a_gpu() -> None:
    manifests = rendered()

    assert set(pods(manifests)) == {
        "Deployment desk-sightdesk-gateway",
        "Deployment desk-sightdesk-lite",
        "Deployment desk-sightdesk-nginx",
    }
    assert "nvidia.com/gpu" not in yaml.dump(manifests)
    settings = named(manifests, "ConfigMap", "gateway")["data"]
    assert settings["ENGINE"] == "lite"
    assert settings["ENGINE_URLS"] == "http://desk-sightdesk-lite:3002"
    assert settings["DATABASE_URL"] == "sqlite:////data/sightdesk.db"


@pytest.mark.parametrize(
    ("values", "urls"),
    [
        ("one-gpu.yaml", "dns+http://desk-sightdesk-engine.shop.svc:3001"),
        ("four-gpus.yaml", "dns+http://desk-sightdesk-engine.shop.svc:3001"),
        (
            "external.yaml",
            "http://gpu-1.example.com:3001,dns+http://engines.example.com:3001",
        ),
        ("llm-d.yaml", "http://infra-inference-scheduling-inference-gateway.llm-d.svc:80"),
        ("production-stack.yaml", "http://vllm-router-service.vllm.svc:80"),
    ],
)
def test_the_gateway_is_told_its_engines(values: str, urls: str) -> None:
    settings = named(rendered(values), "ConfigMap", "gateway")["data"]

    assert settings["ENGINE_URLS"] == urls
    assert settings["ENGINE"] == "gpu"
    assert settings["READER_URL"] == "http://desk-sightdesk-lite:3002"


def test_vllm_has_its_cards_and_a_model_that_a_job_downloads() -> None:
    manifests = rendered("four-gpus.yaml")
    engine = named(manifests, "StatefulSet", "engine")
    (container,) = engine["spec"]["template"]["spec"]["containers"]
    fetch = next(one for one in manifests if "-fetch-" in one["metadata"]["name"])

    assert engine["spec"]["replicas"] == 4
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert named(manifests, "Service", "engine")["spec"]["clusterIP"] == "None"
    assert mount(container, "models") == {
        "name": "models",
        "mountPath": "/models",
        "readOnly": True,
    }
    (fetching,) = fetch["spec"]["template"]["spec"]["containers"]
    assert fetching["command"] == ["python3", "-m", "inference.fetch"]
    assert "readOnly" not in mount(fetching, "models")
    assert claim(engine, "models") == claim(fetch, "models") == "desk-sightdesk-models"


def test_a_changed_model_makes_another_job_since_a_job_cannot_be_changed() -> None:
    def job(*settings: str) -> str:
        manifests = rendered("one-gpu.yaml", *settings)
        return next(
            str(one["metadata"]["name"])
            for one in manifests
            if one["kind"] == "Job" and "-fetch-" in one["metadata"]["name"]
        )

    assert job() == job()
    assert job() != job("engine.vllm.modelId=Qwen/Qwen3-VL-4B-Instruct")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["engine.kind=vlm"], "/engine/kind"),
        (["gatway.replicas=2"], "gatway"),
        (["gateway.replicas=0"], "/gateway/replicas"),
        (["engine.kind=external"], "engine.urls"),
        (["engine.kind=external", "engine.urls[0]=gpu-1:3001"], "/engine/urls/0"),
        (["engine.kind=llm-d"], "engine.llmd.url"),
        (["engine.kind=production-stack"], "engine.productionStack.url"),
        (["database.kind=external"], "secrets.existingSecret"),
        (["redis.kind=external"], "secrets.existingSecret"),
        (["files.kind=external", "files.url=s3://desk/files"], "secrets.existingSecret"),
        (["files.kind=external"], "files.url"),
        (["files.url=s3://desk/files"], "files.kind=external"),
        (["files.url=http://desk/files"], "/files/url"),
        (["gateway.replicas=2"], "Several gateways need PostgreSQL"),
        (["gateway.replicas=2", "database.kind=bundled"], "Several gateways need Redis"),
        (
            ["gateway.replicas=2", "database.kind=bundled", "redis.kind=bundled"],
            "Several gateways need shared files",
        ),
        (["gateway.autoscaling.kind=hpa"], "Several gateways need PostgreSQL"),
        (["gateway.settings.API_KEYS=shop:sk-12345678"], "put it into secrets.existingSecret"),
        (["gateway.settings.rate_limit_user=3/minute"], "rate_limit_user"),
        (["httpRoute.enabled=true"], "/httpRoute/parentRefs"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(settings: list[str], message: str) -> None:
    with pytest.raises(Refused) as refused:
        rendered(None, *settings)

    assert message in str(refused.value)


def test_several_gateways_roll_and_one_on_a_volume_is_replaced() -> None:
    several = named(rendered("production-stack.yaml"), "Deployment", "gateway")["spec"]
    one = named(rendered(), "Deployment", "gateway")["spec"]

    assert several["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert one["strategy"] == {"type": "Recreate"}
    assert one["replicas"] == 1
    assert "replicas" not in several, "an autoscaler sets them"


def test_gateways_scale_by_the_queue() -> None:
    scaling = named(rendered("llm-d.yaml"), "ScaledObject", "gateway")["spec"]
    queries = [one["metadata"]["query"] for one in scaling["triggers"]]

    assert (scaling["minReplicaCount"], scaling["maxReplicaCount"]) == (3, 12)
    assert "sightdesk_queue_wait_seconds_bucket" in queries[0]
    assert 'vllm:num_requests_waiting{namespace="llm-d"}' in queries[1], "where the engines run"


def test_tables_are_brought_up_to_date_before_new_gateways_start() -> None:
    job = named(rendered("llm-d.yaml"), "Job", "migrate")
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    assert container["command"][1:] == ["-m", "gateway.storage.migrate"]
    assert "DATABASE_URL" in {one["name"] for one in container["env"]}
    assert "Job" not in {one["kind"] for one in rendered()}, "SQLite lies on the gateway's volume"


def test_the_rules_are_those_of_compose() -> None:
    rule = named(rendered("llm-d.yaml"), "PrometheusRule", "desk-sightdesk")
    files = sorted((ROOT / "deploy/monitoring/prometheus/rules").glob("*.yml"))
    groups = [
        group for path in files for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    ]

    assert groups
    assert rule["spec"]["groups"] == groups
    assert rule["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.parametrize("part", ["knowledge", "connectors"])
def test_files_in_the_values_are_mounted(part: str) -> None:
    manifests = rendered(None, f"{part}.files.shop\\.md=text")
    (container,) = pods(manifests)["Deployment desk-sightdesk-gateway"]["containers"]

    assert named(manifests, "ConfigMap", part)["data"] == {"shop.md": "text"}
    assert mount(container, part)["mountPath"] == f"/{part}"


def mount(container: Manifest, name: str) -> dict[str, Any]:
    return next(one for one in container["volumeMounts"] if one["name"] == name)


def claim(manifest: Manifest, name: str) -> str:
    volumes = manifest["spec"]["template"]["spec"]["volumes"]
    return next(
        str(one["persistentVolumeClaim"]["claimName"]) for one in volumes if one["name"] == name
    )
