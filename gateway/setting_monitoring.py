"""The settings of what is measured for operators."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def https_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.hostname):
        raise ValueError("an https:// URL, or nothing")
    return value.rstrip("/")


class MonitoringSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    certificate_url: Annotated[str, AfterValidator(https_url)] = Field(
        "",
        description="https:// address whose certificate is watched: its end is in /metrics. "
        "In Docker: nginx. Empty: none.",
    )
