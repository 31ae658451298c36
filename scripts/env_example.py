"""Prints .env.example, generated from the settings.

`.venv/bin/python -m scripts.env_example > .env.example`
"""

from textwrap import wrap
from typing import Any

from pydantic import SecretStr

from gateway.setting_values import PRIVATE_NETWORKS
from gateway.settings import Settings

# Of the profile `monitoring` (docs/monitoring.md).
MONITORING = (
    ("GRAFANA_PASSWORD", "", "Password of Grafana's user admin; `make up` generates one."),
    ("GRAFANA_PORT", "3000", "Port of Grafana, published for this host alone."),
    ("PROMETHEUS_PORT", "9090", "Port of Prometheus, published for this host alone."),
    ("PROMETHEUS_RETENTION", "30d", "How long Prometheus keeps figures, such as 30d."),
    ("ALERT_WEBHOOK_URL", "", "Where alerts are sent, as Alertmanager's webhook. Empty: nowhere."),
    (
        "DEADMAN_URL",
        "",
        "Where the dead man's switch is sent each minute, to a service that complains when it "
        "stops. Empty: nowhere.",
    ),
    ("PROMETHEUS_MEMORY", "1g", "Docker: memory limit of Prometheus."),
    ("GRAFANA_MEMORY", "512m", "Docker: memory limit of Grafana."),
    ("ALERTMANAGER_MEMORY", "256m", "Docker: memory limit of Alertmanager."),
    ("EXPORTER_MEMORY", "256m", "Docker: memory limit of each exporter."),
    ("DCGM_EXPORTER_MEMORY", "512m", "Docker: memory limit of dcgm-exporter."),
    ("PROMETHEUS_IMAGE", "prom/prometheus:v3.7.3", "Docker: image of Prometheus."),
    ("ALERTMANAGER_IMAGE", "prom/alertmanager:v0.29.0", "Docker: image of Alertmanager."),
    ("GRAFANA_IMAGE", "grafana/grafana:12.3.1", "Docker: image of Grafana."),
    ("NODE_EXPORTER_IMAGE", "prom/node-exporter:v1.9.1", "Docker: image of node-exporter."),
    (
        "NGINX_EXPORTER_IMAGE",
        "nginx/nginx-prometheus-exporter:1.5.1",
        "Docker: image of nginx's exporter.",
    ),
    (
        "REDIS_EXPORTER_IMAGE",
        "oliver006/redis_exporter:v1.77.0-alpine",
        "Docker: image of Redis's exporter.",
    ),
    (
        "POSTGRES_EXPORTER_IMAGE",
        "quay.io/prometheuscommunity/postgres-exporter:v0.19.1",
        "Docker: image of PostgreSQL's exporter.",
    ),
    (
        "DCGM_EXPORTER_IMAGE",
        "nvcr.io/nvidia/k8s/dcgm-exporter:4.4.2-4.7.1-ubuntu22.04",
        "Docker: image of dcgm-exporter.",
    ),
)
# Settings of the other containers, which the gateway does not read: (name, default, help).
OTHERS = (
    ("HTTP_PORT", "8080", "Port for HTTP, published by nginx."),
    ("HTTPS_PORT", "8443", "Port for TLS, published by nginx if it has a certificate."),
    (
        "FRONT_PROXIES",
        "",
        "CIDRs of proxies in front of nginx that may say the client's address and scheme.",
    ),
    ("TLS", "", "self-signed: TLS with a certificate for trying, if nginx/certs/ has none."),
    (
        "HSTS_SECONDS",
        "0",
        "Seconds for which browsers use TLS only (HSTS). 0: they are not told.",
    ),
    ("BASIC_AUTH_PASSWORD", "", "Password of the first user; `make up` generates one."),
    (
        "MODEL_ID",
        "",
        "vLLM: checkpoint, owner/name; with MODEL_SOURCE=local a folder. Default by GPU.",
    ),
    ("MODEL_SOURCE", "huggingface", "vLLM: huggingface, modelscope or local."),
    (
        "MODEL_REVISION",
        "",
        "vLLM: revision of the checkpoint; resolved at the first download, then kept.",
    ),
    (
        "HF_ENDPOINT",
        "https://huggingface.co",
        "Download: base URL of Hugging Face or a mirror.",
    ),
    ("HF_TOKEN", "", "Download: token for models that Hugging Face protects."),
    (
        "MODELSCOPE_ENDPOINT",
        "https://modelscope.cn",
        "Download: base URL of ModelScope or a mirror.",
    ),
    ("GPU_MEMORY_UTILIZATION", "", "vLLM: share of the GPU's memory. Default by ENGINE."),
    ("VLLM_EXTRA_ARGS", "", "vLLM: additional command-line arguments."),
    (
        "ENGINE_HANG_SECONDS",
        "",
        "vLLM: seconds without a token after which a busy engine is restarted. Default by profile.",
    ),
    ("LITE_SECONDS", "5", "lite: seconds for one answer, without reading its pictures."),
    (
        "GATEWAY_REPLICAS",
        "2",
        "Docker: gateways that the profile scale adds to the first one.",
    ),
    ("INFERENCE_IMAGE", "", "vLLM: base image. Default by ENGINE."),
    (
        "PYTHON_IMAGE",
        "python:3.13-slim",
        "Docker: base image of gateway and lite. May end with @sha256:…, like the next three.",
    ),
    ("NGINX_IMAGE", "nginx:1.28", "Docker: image of nginx."),
    ("POSTGRES_IMAGE", "postgres:17", "Docker: image of the profile shared's PostgreSQL."),
    ("REDIS_IMAGE", "redis:7", "Docker: image of the profile shared's Redis."),
    ("NGINX_UID", "101", "Docker: user of nginx, a number. It must be able to read its TLS key."),
    ("NGINX_GID", "101", "Docker: group of nginx, a number."),
    (
        "GATEWAY_MEMORY",
        "4g",
        "Docker: memory limit of the gateway; Docker restarts it if it needs more.",
    ),
    ("LITE_MEMORY", "1536m", "Docker: memory limit of lite."),
    ("NGINX_MEMORY", "256m", "Docker: memory limit of nginx."),
    (
        "INFERENCE_MEMORY",
        "0",
        "Docker: memory limit of vLLM, without the card's memory; 0 is no limit.",
    ),
    ("POSTGRES_MEMORY", "1g", "Docker: memory limit of PostgreSQL."),
    ("REDIS_MEMORY", "256m", "Docker: memory limit of Redis."),
    ("FETCH_MEMORY", "2g", "Docker: memory limit of the container that downloads the model."),
    *MONITORING,
    (
        "PRIVATE_SUBNET",
        "172.30.83.0/24",
        "Docker: subnet of the private network; change it if it is in use.",
    ),
)
WIDTH = 100  # columns
# Fixed by docker-compose.yml inside the containers.
FIXED = frozenset(("host", "port", "frontend_dir"))


def render() -> str:
    lines = [
        "# SightDesk's settings. `make up` copies this file to .env and adds secrets.",
        "# A line that starts with # shows the default.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        lines += [
            *_comment(field.description or ""),
            _line(name.upper(), _text(name, field.default), name in FIXED),
            "",
        ]
    lines += ["# --- nginx, vLLM and Docker ---", ""]
    for name, default, help in OTHERS:
        lines += [*_comment(help), _line(name, default, False), ""]
    return "\n".join(lines)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, WIDTH - 2)]


def _line(name: str, value: str, fixed: bool) -> str:
    return f"# {name}={value}" if value or fixed or name not in GENERATED else f"{name}="


GENERATED = frozenset(
    (
        *("ENGINE", "API_KEYS", "BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET"),
        *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD"),
    )
)


def _text(name: str, default: Any) -> str:
    if name == "allowed_ips":
        return PRIVATE_NETWORKS
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default in (None, 0) else str(default)


if __name__ == "__main__":
    print(render(), end="")
