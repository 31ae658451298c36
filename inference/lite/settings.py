"""The embedded engine's settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from inference.environment import EnvironmentSettings
from inference.lite.budget import SECONDS


class Settings(EnvironmentSettings):
    """HOST, PORT, LITE_SECONDS, KNOWLEDGE_DIR, LOG_LEVEL and LOG_FORMAT."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=3002, ge=0, le=65_535, description="Port to listen on; 0: any free one."
    )
    lite_seconds: float = Field(
        default=SECONDS,
        gt=0,
        allow_inf_nan=False,
        description="Seconds that one answer may take, not counting the reading of its pictures.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged; requests are info."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="Log format: json or text."
    )
    knowledge_dir: Path | None = Field(
        default=None,
        description="Folder whose fields.yaml adds the company's own fields, labels and carriers.",
    )
