"""The settings that a gateway was started with, as they go into a backup that it makes itself."""

import os

from gateway.backup.settings_text import rendered
from gateway.settings import Settings

# docker-compose.yml sets these inside of the container.
OF_CONTAINER = frozenset(
    (
        *("HOST", "PORT", "FRONTEND_DIR", "KNOWLEDGE_DIR", "CONNECTORS_DIR", "API_KEYS_FILE"),
        *("ENGINE_STATUS_FILE", "DATA_DIR", "TRUSTED_PROXIES", "BACKUP_DIR", "BACKUP_SOURCE"),
    )
)
# How the settings of other containers begin. Compose gives all of .env to the gateway.
OTHERS = (
    *("HTTP_", "HTTPS_", "FRONT_", "BASIC_AUTH_", "MODEL_", "GPU_", "VLLM_", "ENGINE_", "HF_"),
    *("MODELSCOPE_", "LITE_", "INFERENCE_", "GATEWAY_", "NGINX_", "FETCH_", "PRIVATE_"),
    *("COMPOSE_", "CONNECTOR", "POSTGRES_", "REDIS_"),
)


def installation(settings: Settings) -> str:
    """`docker` or `local`. docker-compose.yml sets BACKUP_SOURCE."""
    return "docker" if settings.backup_source else "local"


def settings_lines(settings: Settings) -> str:
    """Lines of settings.env, without secrets."""
    known = {name.upper() for name in type(settings).model_fields}
    values = {
        name: value
        for name, value in sorted(os.environ.items())
        if (name in known or name.startswith(OTHERS)) and value and "\n" not in value
    }
    fixed = OF_CONTAINER if installation(settings) == "docker" else frozenset()
    kept = {name: value for name, value in values.items() if name not in fixed}
    return rendered(kept, with_secrets=False)
