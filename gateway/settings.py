"""Every setting of the gateway: name, default, bounds, help. `.env.example` lists the same, and a
test holds that."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator

from gateway.setting_backups import BackupSettings
from gateway.setting_compose import (
    SCALE,
    ComposeSettings,
    has_profile,
    is_local,
    with_shared_services,
)
from gateway.setting_limits import LimitSettings
from gateway.setting_monitoring import MonitoringSettings
from gateway.setting_pictures import PictureSettings
from gateway.setting_profiles import DEFAULT_CONCURRENT, PROFILES
from gateway.setting_s3 import S3Settings
from gateway.setting_sign_in import SignInSettings
from gateway.setting_tracing import TracingSettings
from gateway.setting_values import (
    PRIVATE_NETWORKS,
    PRIVATE_ORIGINS,
    URL,
    AllowedOrigins,
    APIKeys,
    DatabaseURL,
    EngineURLs,
    Names,
    Networks,
    Seconds,
    Secret,
    described,
    named_keys,
    networks,
)

# An empty value of these turns them off; every other empty value means the default.
EMPTY_MEANS_OFF = ("reader_url", "fallback_engine_url", "embedding_url", "rerank_url")


class Settings(
    PictureSettings,
    ComposeSettings,
    BackupSettings,
    S3Settings,
    SignInSettings,
    MonitoringSettings,
    TracingSettings,
    LimitSettings,
):
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65_535, description="Port to listen on.")
    server_fast_path: bool = Field(
        True,
        description="0: serve with plain uvicorn, slower and with fewer limits (docs/security.md).",
    )

    engine: Literal["gpu", "cpu", "lite"] = Field(
        "lite", description="The engine that runs: gpu, cpu or lite."
    )
    engine_urls: EngineURLs = Field(
        (),
        description="URLs of the engines, comma-separated. Requests are spread over all of them. "
        "A host with several addresses is as many engines; with dns+http:// one address is looked "
        "up again too. Default by ENGINE.",
    )
    model_name: str = Field(
        "", max_length=128, description="Name of the raw engine's model. Default by ENGINE."
    )
    model_aliases: Names = Field(
        ("Qwen3-VL-8B", "Qwen3-VL-8B-Instruct-4bit-GPTQ"),
        description="Further names of the model that requests may use, comma-separated.",
    )
    max_model_len: int = Field(
        0, ge=0, le=1_048_576, description="The engine's context in tokens. Default by ENGINE."
    )
    engine_session_header: str = Field(
        "",
        pattern="^[A-Za-z0-9-]{0,64}$",
        description="Header that tells a router before the engines which requests are one "
        "conversation, such as x-session-id. Empty: none.",
    )
    engine_status_file: Path | None = Field(
        Path("data/engine/status.json"),
        description="File in which the inference container reports its start.",
    )
    reader_url: URL = Field(
        "http://lite:3002", description="URL of the OCR service. Empty turns OCR off."
    )
    reader_timeout: float = Field(
        0,
        ge=0,
        le=600,
        description="Seconds that a question waits for OCR. Default 0.3 with vLLM, 10 with lite.",
    )
    fallback_engine_url: URL = Field(
        "http://lite:3002",
        description="URL of a lite that answers while no engine does. Empty turns it off.",
    )

    api_keys: APIKeys = Field(
        SecretStr(""),
        description="API keys as name:key, comma-separated. A key has 6 characters or more.",
    )
    api_keys_file: Path | None = Field(
        None, description="JSON file with digests of further API keys, written by `make key`."
    )
    proxy_secret: Secret = Field(
        SecretStr(""),
        description="Secret that nginx shares with the gateway; only with it are nginx's headers "
        "trusted. 6 characters or more.",
    )
    embed_secret: Secret = Field(
        SecretStr(""),
        description="Secret that signs embed tokens and visitor cookies. 6 characters or more. "
        "Default: generated in DATA_DIR.",
    )
    anonymous_networks: Networks = Field(
        (), description="CIDRs of clients that need no key, comma-separated."
    )
    allowed_ips: Networks = Field(
        networks(PRIVATE_NETWORKS),
        description="CIDRs of clients that may connect, comma-separated. * is everyone.",
    )
    allowed_origins: AllowedOrigins = Field(
        (PRIVATE_ORIGINS,),
        description="Exact origins of pages that may call, comma-separated. `private` is localhost "
        "and private addresses.",
    )
    trusted_proxies: Networks = Field(
        (), description="CIDRs of proxies whose X-Forwarded-For is trusted, comma-separated."
    )

    grounding: Literal["off", "flag", "strict"] = Field(
        "flag",
        description="What happens with an answer that claims what is in none of its sources: off, "
        "flag (the page marks it) or strict (the refusal replaces it).",
    )
    engine_sees: bool | None = Field(
        None,
        description="0: it takes text only, pictures become readings. Default: found at the start.",
    )
    knowledge_dir: Path = Field(
        Path("knowledge"),
        description="Folder of knowledge files (docs/knowledge.md). Changes are read while the gateway runs.",
    )
    embedding_url: URL = Field(
        "http://lite:3002",
        description="URL of the service that finds clauses by meaning (OpenAI's /v1/embeddings). "
        "Default: READER_URL. Empty: clauses are found by words alone.",
    )
    embedding_model: str = Field(
        "sightdesk-embedding",
        max_length=128,
        description="Name of the embedding model. A change rebuilds the index in the background.",
    )
    embedding_api_key: SecretStr = Field(
        SecretStr(""), description="Key for EMBEDDING_URL, where it wants one."
    )
    embedding_timeout: Seconds = Field(
        0.3,
        description="Seconds that a question waits for its vector, before words alone are searched.",
    )
    rerank_url: URL = Field(
        "",
        description="URL of a service that orders the clauses found (vLLM's, Jina's or Cohere's "
        "/v1/rerank). Empty: none.",
    )
    rerank_model: str = Field("", max_length=128, description="Name of the reranking model.")
    rerank_api_key: SecretStr = Field(
        SecretStr(""), description="Key for RERANK_URL, where it wants one."
    )
    connectors_dir: Path = Field(
        Path("connectors"),
        description="Folder of business systems. Changes are read while the gateway runs.",
    )
    max_tool_rounds: int = Field(
        4, ge=0, le=16, description="Rounds of tool calls in one answer of the assistant."
    )
    action_expires: Seconds = Field(
        900, description="Seconds that a proposed action waits for its confirmation."
    )
    retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Days after which conversations, files, actions and audit are removed. 0: they "
        "are kept.",
    )
    minutes_saved: float = Field(
        2, ge=0, le=1_440, description="Minutes that a resolved question saves, for hours_saved."
    )
    database_url: DatabaseURL = Field(
        SecretStr("sqlite:///data/sightdesk.db"),
        description="Database of conversations. For several gateways "
        "postgresql://user:password@host/name.",
    )
    frontend_dir: Path | None = Field(
        None, description="Folder of the page, where no nginx serves it. Empty behind nginx."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged: debug, info, warning or error."
    )
    log_format: Literal["json", "text"] = Field("json", description="Log format: json or text.")

    @model_validator(mode="before")
    @classmethod
    def fill_from_profile(cls, values: Any) -> Any:
        """Empty values become the default, which may depend on ENGINE."""
        if not isinstance(values, dict):
            return values
        profile = PROFILES.get(str(values.get("engine") or "lite"), PROFILES["lite"])
        given = {
            name: value for name, value in values.items() if value != "" or name in EMPTY_MEANS_OFF
        }
        if "reader_url" in given:  # `lite` reads pictures and computes vectors
            given.setdefault("embedding_url", given["reader_url"])
        return {**profile, **with_shared_services(given)}

    @property
    def has_redis(self) -> bool:
        """Whether gateways share what they count and write."""
        return not self.rate_limit_storage.startswith("memory")

    @property
    def knowledge_folder(self) -> Path:
        return self.data_dir / ".knowledge" if self.knowledge_url else self.knowledge_dir

    @property
    def concurrent(self) -> int:
        """Requests inside one engine, until the engine's profile is known."""
        return self.max_concurrent or DEFAULT_CONCURRENT[self.engine]

    @property
    def picture_tokens(self) -> int:
        """Tokens for all pictures of a request."""
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
        settings = Settings(**overrides)
    except ValidationError as error:
        raise WrongSettings(
            "; ".join(described(detail, SECRETS) for detail in error.errors())
        ) from None
    if has_profile(settings.compose_profiles, SCALE) and (
        is_local(settings.database_url) or is_local(settings.rate_limit_storage)
    ):
        raise WrongSettings(
            "COMPOSE_PROFILES=scale: several gateways need the profile shared too, or a "
            "DATABASE_URL and a RATE_LIMIT_STORAGE that they can share"
        )
    return settings
