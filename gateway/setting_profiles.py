"""Defaults of settings that depend on ENGINE."""

from typing import Any

# Requests inside one engine, where neither MAX_CONCURRENT nor the engine's profile says.
DEFAULT_CONCURRENT = {"gpu": 16, "cpu": 4, "lite": 4}
PROFILES: dict[str, dict[str, Any]] = {
    "gpu": {
        "engine_urls": "http://inference:3001",
        "model_name": "Qwen3-VL-8B",
        "max_model_len": 32_768,
        "reader_timeout": 0.3,
    },
    "cpu": {
        "engine_urls": "http://inference:3001",
        "model_name": "Qwen3-VL-2B",
        "max_model_len": 8_192,
        "reader_timeout": 0.3,
    },
    "lite": {
        "engine_urls": "http://lite:3002",
        "model_name": "sightdesk-lite",
        "max_model_len": 32_768,
        "reader_timeout": 10.0,
    },
}
