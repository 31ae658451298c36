"""Every setting of the gateway: name, default, bounds, help. `.env.example` lists the same (a test holds that)."""

import contextlib
import ipaddress
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from limits import parse as parse_rate
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 1122, 4291, 1918, 3927, 4193.
PRIVATE_NETWORKS = (
    "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,fc00::/7,fe80::/10"
)
EVERYONE = "0.0.0.0/0,::/0"
PRIVATE_ORIGINS = "private"
DEFAULT_PORTS = {"http": 80, "https": 443}
MIB = 1024 * 1024
# Shorter than this is a slip (`shop:$UNSET`) or can be guessed; `make up` and `make key` make 256 bits.
MIN_KEY = MIN_SECRET = 6  # characters


def split_commas(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


def networks(text: str) -> tuple[Network, ...]:
    text = EVERYONE if text.strip() == "*" else text
    return tuple(network(part.strip()) for part in text.split(",") if part.strip())


def as_networks(value: object) -> object:
    return networks(value) if isinstance(value, str) else value


def network(text: str) -> Network:
    """`::ffff:10.0.0.0/104` is 10.0.0.0/8: clients' addresses are unmapped before they are compared."""
    found = ipaddress.ip_network(text, strict=False)
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    return (
        ipaddress.ip_network(f"{mapped}/{found.prefixlen - 96}")
        if mapped and found.prefixlen >= 96
        else found
    )


def exact_origin(text: str) -> str:
    """An origin as browsers send it: lower case, punycode, no default port, no path. Raises ValueError."""
    parts = urlsplit(text.strip().rstrip("/"))
    if (
        parts.scheme not in DEFAULT_PORTS
        or not parts.hostname
        or "@" in parts.netloc
        or parts.path
        or parts.query
    ):
        raise ValueError(
            f"{text} is no origin; an origin is such as https://shop.example or http://10.0.0.5:8080"
        )
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    if not re.fullmatch(r"[0-9a-z._:-]+", host):
        raise ValueError(f"{text} is no origin: {host} is no host")
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value if value == PRIVATE_ORIGINS else exact_origin(value) for value in values)


def rate(value: str) -> str:
    with contextlib.suppress(ValueError):
        if parse_rate(value).amount > 0:
            return value
    raise ValueError("a rate such as 20/minute, 5/second or 1000/hour, at least 1")


def http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("an http:// or https:// URL, or nothing")
    return value.rstrip("/")


def database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(
        ("sqlite://", "postgresql://", "postgresql+psycopg://", "postgres://")
    ):
        raise ValueError("sqlite:///path or postgresql://user:password@host/name")
    return value


def named_keys(text: str) -> tuple[tuple[str, str], ...]:
    """(name, key) pairs; a key without a name is called `default`. Raises ValueError."""
    pairs = []
    for part in filter(None, map(str.strip, text.split(","))):
        name, separator, key = part.partition(":")
        pairs.append((name.strip(), key.strip()) if separator else ("default", part))
    for name, key in pairs:
        if not name:
            raise ValueError("a name before every colon, such as shop:key")
        if len(key) < MIN_KEY:
            raise ValueError(f"keys of {MIN_KEY} characters or more; that of {name} has {len(key)}")
    return tuple(pairs)


def api_keys(value: SecretStr) -> SecretStr:
    named_keys(value.get_secret_value())
    return value


def secret(value: SecretStr) -> SecretStr:
    size = len(value.get_secret_value().strip())
    if size < MIN_SECRET and value.get_secret_value():
        raise ValueError(f"{MIN_SECRET} characters or more, or nothing; it has {size}")
    return value


def each(check: Callable[[str], str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    return lambda values: tuple(check(value) for value in values)


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(as_networks)]
Rate = Annotated[str, AfterValidator(rate)]
APIKeys = Annotated[SecretStr, AfterValidator(api_keys)]
Secret = Annotated[SecretStr, AfterValidator(secret)]
DatabaseURL = Annotated[SecretStr, AfterValidator(database_url)]
AllowedOrigins = Annotated[Names, AfterValidator(origins)]
URL = Annotated[str, AfterValidator(http_url)]
URLs = Annotated[Names, AfterValidator(each(http_url))]
Seconds = Annotated[float, Field(gt=0, le=86_400)]

# An empty value of these means "off", where an empty value elsewhere means "the default".
EMPTY_MEANS_OFF = ("reader_url", "fallback_engine_url")

# Answers at once in one engine, where neither MAX_CONCURRENT nor the engine's own profile says.
DEFAULT_CONCURRENT = {"gpu": 16, "cpu": 4, "lite": 4}

# What differs between engines: where it listens, what it serves, what it can hold.
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


class Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65_535, description="Port to listen on.")
    server_fast_path: bool = Field(
        True,
        description="0: serve with plain uvicorn, slower and with fewer limits (docs/security.md).",
    )

    engine: Literal["gpu", "cpu", "lite"] = Field(
        "lite", description="Which engine runs: gpu, cpu or lite."
    )
    engine_urls: URLs = Field(
        (), description="Engines, comma-separated; more than one is balanced. Default by ENGINE."
    )
    model_name: str = Field(
        "", max_length=128, description="Name of the raw engine model. Default by ENGINE."
    )
    model_aliases: Names = Field(
        ("Qwen3-VL-8B", "Qwen3-VL-8B-Instruct-4bit-GPTQ"),
        description="Further names that requests may use.",
    )
    max_model_len: int = Field(
        0, ge=0, le=1_048_576, description="Context in tokens. Default by ENGINE."
    )
    engine_status_file: Path | None = Field(
        Path("data/engine/status.json"),
        description="Where the inference container says how far its start is.",
    )
    reader_url: URL = Field(
        "http://lite:3002", description="Reader of pictures; empty turns reading off."
    )
    reader_timeout: float = Field(
        0,
        ge=0,
        le=600,
        description="Seconds to wait for a reading. Default 0.3 before vLLM, 10 before lite.",
    )
    fallback_engine_url: URL = Field(
        "http://lite:3002", description="Answers while no engine does; empty: none."
    )

    api_keys: APIKeys = Field(
        SecretStr(""),
        description="name:key pairs, comma-separated; a key has 6 characters or more.",
    )
    api_keys_file: Path | None = Field(
        None, description="JSON file of key digests, from `make key`."
    )
    proxy_secret: Secret = Field(
        SecretStr(""),
        description="nginx proves with it that the user header is its own; 6 characters or more.",
    )
    embed_secret: Secret = Field(
        SecretStr(""), description="Signs embed tokens and visitor cookies; 6 characters or more."
    )
    anonymous_networks: Networks = Field((), description="CIDRs that need no key.")
    allowed_ips: Networks = Field(
        networks(PRIVATE_NETWORKS), description="CIDRs that may connect; * is everyone."
    )
    allowed_origins: AllowedOrigins = Field(
        (PRIVATE_ORIGINS,),
        description="Exact origins of pages that may call; `private` is localhost and private addresses.",
    )
    trusted_proxies: Networks = Field((), description="CIDRs whose X-Forwarded-For is believed.")

    rate_limit_ip: Rate = Field("5/minute", description="Anonymous API calls, by address.")
    rate_limit_user: Rate = Field("20/minute", description="Questions on the page, by owner.")
    rate_limit_key: Rate = Field("60/minute", description="API calls, by key.")
    rate_limit_api: Rate = Field("120/minute", description="Every other route, by owner.")
    rate_limit_storage: str = Field(
        "memory://", description="memory://, or redis://host:port/db to share."
    )
    max_concurrent: int = Field(
        0, ge=0, le=4096, description="Requests inside one engine. Default by ENGINE."
    )
    max_queued: int = Field(64, ge=0, le=10_000, description="Requests waiting, for each engine.")
    queue_timeout: Seconds = Field(30, description="Seconds a request waits in the queue.")

    max_body_bytes: int = Field(
        64 * MIB, ge=1024, le=1024 * MIB, description="Bytes of one request."
    )
    max_bodies_bytes: int = Field(
        0, ge=0, description="Bytes of all large requests. Default an eighth of the memory."
    )
    max_images: int = Field(
        8, ge=0, le=16, description="Pictures in one message; a PDF page is one."
    )
    image_max_bytes: int = Field(20 * MIB, ge=1024, description="Bytes of one picture.")
    image_max_pixels: int = Field(
        50_000_000, ge=1024, description="Pixels of one picture, before scaling."
    )
    image_max_side: int = Field(
        2048, ge=64, le=16_384, description="Longer side above which it is scaled down."
    )
    image_tokens: int = Field(
        0, ge=0, description="Tokens for all pictures. Default half of MAX_MODEL_LEN."
    )
    pdf_max_pages: int = Field(8, ge=1, le=100, description="Pages of one PDF.")
    allow_remote_images: bool = Field(
        False,
        description="Fetch http(s) picture URLs from public addresses; in Docker by compose/remote-images.yml.",
    )

    upstream_connect_timeout: Seconds = Field(2, description="Seconds to connect to an engine.")
    first_token_timeout: Seconds = Field(120, description="Seconds to an engine's first byte.")
    idle_timeout: Seconds = Field(60, description="Seconds between an engine's bytes.")
    resume_grace: float = Field(
        10, ge=0, le=600, description="Seconds an answer lives after its reader left."
    )
    breaker_failures: int = Field(
        5, ge=1, description="Failures in a row that open an engine's circuit."
    )
    breaker_reset: Seconds = Field(
        15, description="Seconds until an open circuit lets one probe through."
    )

    knowledge_dir: Path = Field(
        Path("knowledge"), description="Clauses in Markdown; reread on change."
    )
    connectors_dir: Path = Field(
        Path("connectors"), description="Business systems; reread on change."
    )
    database_url: DatabaseURL = Field(
        SecretStr("sqlite:///data/sightdesk.db"),
        description="Where conversations lie; postgresql://user:password@host/name where gateways share them.",
    )
    data_dir: Path = Field(Path("data"), description="Uploaded files and what is generated.")
    frontend_dir: Path | None = Field(
        None, description="Serve the page from here; behind nginx leave it empty."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level logged."
    )
    log_format: Literal["json", "text"] = Field("json", description="json or text.")

    @model_validator(mode="before")
    @classmethod
    def fill_from_profile(cls, values: Any) -> Any:
        """What was left empty is the default: the engine's profile where it has one."""
        if not isinstance(values, dict):
            return values
        profile = PROFILES.get(str(values.get("engine") or "lite"), PROFILES["lite"])
        given = {
            name: value for name, value in values.items() if value != "" or name in EMPTY_MEANS_OFF
        }
        return {**profile, **given}

    @property
    def concurrent(self) -> int:
        """Requests inside one engine, until its profile says more."""
        return self.max_concurrent or DEFAULT_CONCURRENT[self.engine]

    @property
    def picture_tokens(self) -> int:
        return self.image_tokens or self.max_model_len // 2

    @cached_property
    def named_api_keys(self) -> tuple[tuple[str, str], ...]:
        """(name, key) pairs of API_KEYS."""
        return named_keys(self.api_keys.get_secret_value())


SECRETS = frozenset(
    name for name, field in Settings.model_fields.items() if field.annotation is SecretStr
)


class WrongSettings(Exception):
    """One line: each wrong setting's name, its value (never a secret's), what is expected."""


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; `overrides` win. Raises WrongSettings."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise WrongSettings("; ".join(_describe(detail) for detail in error.errors())) from None


def _describe(detail: Any) -> str:
    name = str(detail["loc"][0])
    expected = str(detail["msg"]).removeprefix("Value error, ")
    value = "(hidden)" if name in SECRETS else repr(detail["input"])
    return f"{name.upper()}={value}: {expected[0].lower() + expected[1:]}"
