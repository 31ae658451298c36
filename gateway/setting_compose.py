"""Settings that Docker Compose's profiles bring with them (compose/shared.yml)."""

import re
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from gateway.setting_values import Names, split_commas

SHARED, SCALE = "shared", "scale"


class ComposeSettings(BaseSettings):
    compose_profiles: Names = Field(
        (),
        description="Docker: parts to add, comma-separated: monitoring; shared (PostgreSQL and "
        "Redis); scale (several gateways, needs shared).",
    )
    postgres_password: SecretStr = Field(
        SecretStr(""), description="Password of the profile shared's PostgreSQL."
    )
    redis_password: SecretStr = Field(
        SecretStr(""),
        description="Password of the profile shared's Redis: letters, digits and . _ ~ -",
    )

    @field_validator("redis_password")
    @classmethod
    def is_plain(cls, value: SecretStr) -> SecretStr:
        """The Redis client does not decode the password of a URL."""
        if not re.fullmatch(r"[\w.~-]*", value.get_secret_value(), re.ASCII):
            raise ValueError("use letters, digits and . _ ~ - only")
        return value


def with_shared_services(given: dict[str, Any]) -> dict[str, Any]:
    """The settings with the profile `shared`'s database and rate limits, where it is on and no
    other servers are named."""
    if not has_profile(given.get("compose_profiles"), SHARED):
        return given
    postgres, redis = (password(given.get(f"{name}_password")) for name in ("postgres", "redis"))
    shared = dict(given)
    if is_local(given.get("database_url")):
        shared["database_url"] = f"postgresql://sightdesk:{postgres}@postgres/sightdesk"
    if is_local(given.get("rate_limit_storage")):
        shared["rate_limit_storage"] = f"redis://:{redis}@redis:6379/0"
    return shared


def has_profile(profiles: Any, name: str) -> bool:
    """`profiles`: comma-separated or a tuple; `*` is all of them, as for Compose."""
    named = split_commas(profiles)
    return isinstance(named, tuple) and (name in named or "*" in named)


def is_local(url: Any) -> bool:
    """Whether only one gateway can use it: no URL, a SQLite file, or this process's memory."""
    text = url.get_secret_value() if isinstance(url, SecretStr) else str(url or "")
    return not text or text.startswith(("sqlite:", "memory:"))


def password(value: Any) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
    return quote(text, safe="")
