"""The settings of traces. They have OpenTelemetry's own names (docs/tracing.md)."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.setting_values import URL, HeaderList


class TracingSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    otel_exporter_otlp_endpoint: URL = Field(
        "",
        description="Address of a collector that takes OpenTelemetry's traces over HTTP, such as "
        "http://collector:4318. Empty: no traces.",
    )
    otel_exporter_otlp_headers: HeaderList = Field(
        SecretStr(""),
        description="Headers for the collector, as name=value pairs, comma-separated.",
    )
    otel_service_name: str = Field(
        "sightdesk-gateway",
        min_length=1,
        max_length=128,
        description="Name of this gateway in traces.",
    )
    otel_traces_sampler_arg: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of requests that are traced, 0 to 1, where the caller has not decided.",
    )
