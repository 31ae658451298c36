"""Prints .env.example from the settings themselves: `.venv/bin/python -m scripts.env_example > .env.example`."""

from textwrap import wrap
from typing import Any

from pydantic import SecretStr

from gateway.setting_values import PRIVATE_NETWORKS
from gateway.settings import Settings

# Settings of the other containers, which the gateway does not read: (name, default, help).
OTHERS = (
    ("HTTP_PORT", "8080", "What nginx publishes."),
    ("HTTPS_PORT", "8443", "What nginx publishes for TLS, once it has a certificate."),
    (
        "FRONT_PROXIES",
        "",
        "CIDRs of proxies before nginx, which say the client's address and scheme.",
    ),
    ("BASIC_AUTH_USER", "admin", "nginx's first user."),
    ("BASIC_AUTH_PASSWORD", "", "nginx's first user's password; `make up` makes one."),
    (
        "MODEL_ID",
        "",
        "vLLM: checkpoint, owner/name; with MODEL_SOURCE=local a folder. Default by the GPU found.",
    ),
    ("MODEL_SOURCE", "huggingface", "vLLM: huggingface, modelscope or local."),
    (
        "MODEL_REVISION",
        "",
        "vLLM: revision of the checkpoint; what it names when it is fetched is kept.",
    ),
    (
        "HF_ENDPOINT",
        "https://huggingface.co",
        "Fetching: another address of Hugging Face, a mirror say.",
    ),
    ("HF_TOKEN", "", "Fetching: a token, where Hugging Face asks for one."),
    ("MODELSCOPE_ENDPOINT", "https://modelscope.cn", "Fetching: another address of ModelScope."),
    ("GPU_MEMORY_UTILIZATION", "", "vLLM: share of the GPU's memory. Default by ENGINE."),
    ("VLLM_EXTRA_ARGS", "", "vLLM: further arguments."),
    (
        "ENGINE_HANG_SECONDS",
        "",
        "vLLM: seconds without a token that count as hung. Default by profile.",
    ),
    ("LITE_SECONDS", "5", "lite: seconds that one answer may take, beside reading its pictures."),
    ("INFERENCE_IMAGE", "", "vLLM: base image. Default by ENGINE."),
    (
        "GATEWAY_MEMORY",
        "4g",
        "Docker: the gateway's memory; a gateway that needs more is ended and starts again.",
    ),
    ("LITE_MEMORY", "1536m", "Docker: lite's memory."),
    ("NGINX_MEMORY", "256m", "Docker: nginx's memory."),
    ("INFERENCE_MEMORY", "0", "Docker: vLLM's memory beside the card's; 0 is no limit."),
    ("FETCH_MEMORY", "2g", "Docker: memory of the container that fetches the model."),
    (
        "PRIVATE_SUBNET",
        "172.30.83.0/24",
        "The containers' own network; change it where it is taken.",
    ),
)
WIDTH = 100  # columns
# Fixed by docker-compose.yml inside the containers.
FIXED = frozenset(("host", "port", "frontend_dir"))


def render() -> str:
    lines = [
        *_comment(
            "SightDesk's settings. `make up` copies this to .env and fills in the secrets. "
            "A line with # is the default."
        ),
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


GENERATED = frozenset(("ENGINE", "API_KEYS", "BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET"))


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
