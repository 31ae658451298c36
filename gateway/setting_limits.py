"""How much and how long: rate limits, admission to engines, bodies, time-outs."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.setting_values import Rate, Seconds

MIB = 1024 * 1024


class LimitSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    rate_limit_ip: Rate = Field(
        "5/minute", description="Rate limit of anonymous API calls, for each address."
    )
    rate_limit_user: Rate = Field(
        "20/minute", description="Rate limit of questions on the page, for each owner."
    )
    rate_limit_key: Rate = Field("60/minute", description="Rate limit of API calls, for each key.")
    rate_limit_api: Rate = Field(
        "120/minute", description="Rate limit of all other routes together, for each owner."
    )
    rate_limit_storage: str = Field(
        "memory://",
        description="What several gateways share (counted requests, running answers): "
        "redis://host:port/db; memory:// for one gateway.",
    )
    max_concurrent: int = Field(
        0,
        ge=0,
        le=4096,
        description="Requests inside one engine at once, of all gateways. Default by ENGINE.",
    )
    max_queued: int = Field(
        64, ge=0, le=10_000, description="Requests that may wait in a gateway for each engine."
    )
    queue_timeout: Seconds = Field(30, description="Seconds that a request may wait in the queue.")

    max_body_bytes: int = Field(
        64 * MIB, ge=1024, le=1024 * MIB, description="Largest request body in bytes."
    )
    max_bodies_bytes: int = Field(
        0,
        ge=0,
        description="Bytes of all large request bodies in memory. Default: an eighth of the "
        "memory.",
    )

    upstream_connect_timeout: Seconds = Field(2, description="Seconds to connect to an engine.")
    first_token_timeout: Seconds = Field(
        120, description="Seconds until the first byte of an engine's answer."
    )
    idle_timeout: Seconds = Field(
        60, description="Seconds between two bytes of an engine's answer."
    )
    resume_grace: float = Field(
        10, ge=0, le=600, description="Seconds that an answer goes on after its reader has left."
    )
    breaker_failures: int = Field(
        5, ge=1, description="Failures in a row that open the circuit of an engine."
    )
    breaker_reset: Seconds = Field(
        15, description="Seconds until an open circuit lets one test request through."
    )
