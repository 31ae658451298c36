"""The settings that the chart gives the gateway and nginx."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.helm.conftest import CHART, ROOT, helm, named, pods, rendered
from tests.support.nginx import NGINX
from tests.support.nginx import rendered as nginx_files
from tests.support.servers import free_port

VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]+)")
# The image's own: places and intervals that only tests change.
OF_THE_IMAGE = {
    *("NGINX_ETC", "NGINX_PAGE", "NGINX_CHECK", "NGINX_RELOAD", "NGINX_ERRORS"),
    *("HTTPS_LISTEN", "CERTIFICATE_SECONDS", "NAMES_SECONDS", "ENV", "ARGV", "PASSWORD"),
}
# Compose's containers find the gateway by its name.
OF_KUBERNETES = {"GATEWAY_ADDRESS"}


def with_values(folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Manifests of the chart with a file of values, whose numbers helm reads as floats."""
    path = folder / "values.yaml"
    path.write_text(json.dumps(values))
    text = helm("template", "desk", str(CHART), "--namespace", "shop", "--values", str(path))
    return [one for one in yaml.safe_load_all(text) if one]


def nginx_environment(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    (container,) = pods(manifests)["Deployment desk-sightdesk-nginx"]["containers"]
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}


def test_nginx_gets_every_variable_that_its_files_read() -> None:
    files = [*(ROOT / "nginx/templates").iterdir(), *(ROOT / "nginx/entrypoint").iterdir()]
    read = {name for file in files for name in VARIABLE.findall(file.read_text("utf-8"))}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    of_compose = set(compose["services"]["nginx"]["environment"])
    of_the_chart = set(nginx_environment(rendered()))

    assert {"PRIVATE_SUBNET", "OIDC_ISSUER", "HSTS_SECONDS"} <= read
    assert read - OF_THE_IMAGE <= of_the_chart
    assert of_the_chart == of_compose | OF_KUBERNETES


def test_nginx_starts_with_what_it_gets(tmp_path: Path) -> None:
    given = nginx_environment(rendered())
    settings: dict[str, Any] = {n: value for n, value in given.items() if isinstance(value, str)}
    size = int(settings.pop("MAX_BODY_BYTES"))
    port = free_port()
    configuration = nginx_files(tmp_path, port, "http://127.0.0.1:9", size, **settings)
    status = (ROOT / "nginx/templates/status.conf.template").read_text("utf-8")
    status = re.sub(r"\$\{(\w+)\}", lambda name: settings[name[1]], status)
    status = status.replace("listen 8081;", f"listen 127.0.0.1:{free_port()};")
    whole = configuration.read_text("utf-8").rstrip().removesuffix("}") + status + "}\n"
    configuration.write_text(whole, "utf-8")

    tried = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(configuration)], capture_output=True, text=True
    )
    assert tried.returncode == 0, tried.stderr


def test_nginx_and_the_gateway_get_the_same_values(tmp_path: Path) -> None:
    settings = {
        "OIDC_ISSUER": "https://id.example.com",
        "BASIC_AUTH": False,
        "HSTS_SECONDS": 31536000,
        "PUBLIC_URL": "https://desk.example.com",
        "ALLOWED_IPS": "10.0.0.0/8",
    }
    manifests = with_values(tmp_path, {"gateway": {"settings": settings}})
    expected = {name: setting_text(value) for name, value in settings.items()}
    of_the_gateway = named(manifests, "ConfigMap", "gateway")["data"]

    assert expected.items() <= nginx_environment(manifests).items()
    assert expected.items() <= of_the_gateway.items()


def setting_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


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
    assert nginx_environment(manifests)["MAX_BODY_BYTES"] == "134217728"


def test_a_setting_replaces_the_charts_own_and_stands_there_once() -> None:
    text = helm(
        *("template", "desk", str(CHART), "--show-only", "templates/gateway.yaml"),
        *("--set", "gateway.settings.STAFF_USERS=li"),
    )

    assert re.findall(r"^ +STAFF_USERS: (.*)$", text, re.MULTILINE) == ["li"]
