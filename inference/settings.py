"""The launcher's and the downloader's settings (contract, section 4)."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import NoDecode

from inference.environment import EnvironmentSettings

# vLLM flags that would move the engine to where neither the launcher nor the gateway looks for it,
# and what to do instead.
RESERVED_FLAGS = {
    "--host": "set HOST",
    "--port": "set PORT",
    "--uds": "the engine listens on HOST and PORT",
    "--root-path": "the engine is asked without one",
    "--ssl-keyfile": "the private network needs no TLS; nginx has it",
    "--ssl-certfile": "the private network needs no TLS; nginx has it",
    "--api-key": "the gateway asks for keys",
    "--model": "set MODEL_ID",
    "--served-model-name": "set MODEL_NAME",
    "--headless": "the launcher needs vLLM's HTTP server",
    "--config": "give its flags themselves",
}


# Addresses that bind all of them, and where to reach what listens there.
LOOPBACKS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound


def vllm_arguments(value: object) -> object:
    """VLLM_EXTRA_ARGS split as a shell splits it. Raises ValueError for a reserved flag."""
    if not isinstance(value, str):
        return value
    try:
        arguments = tuple(shlex.split(value))
    except ValueError as error:
        raise ValueError(f"{error}; quote it as a shell would") from None
    for argument in arguments:
        flag = argument.partition("=")[0].replace("_", "-")
        if flag in RESERVED_FLAGS:
            raise ValueError(f"{flag} is not to be set there; {RESERVED_FLAGS[flag]}")
    return arguments


class StatusSettings(EnvironmentSettings):
    """How a start is reported. Read first, so that a wrong setting can be reported too."""

    engine_status_file: Path = Field(
        default=Path("data/engine/status.json"),
        description="The file that says how far the start is.",
    )
    hold_seconds: float = Field(
        default=0,
        ge=0,
        le=3600,
        description="Seconds that the container stays up after a failed start, so that the reason "
        "can be read and Docker does not restart it in a tight loop.",
    )

    @classmethod
    def read_leniently(cls) -> "StatusSettings":
        """A wrong HOLD_SECONDS counts as 0 here; Settings.read() reports it."""
        try:
            return cls()
        except ValidationError:
            return cls(hold_seconds=0)


class Settings(StatusSettings):
    """Empty or None means that the machine's profile decides."""

    engine: Literal["gpu", "cpu"] = Field(default="gpu", description="Which build of vLLM runs.")
    model_source: Literal["huggingface", "modelscope", "local"] = Field(
        default="huggingface",
        description="The hub that the model comes from; local: MODEL_ID is a folder.",
    )
    model_id: str = Field(default="", description="owner/name on the hub, or a folder.")
    model_name: str = Field(default="", description="The name that requests use for the model.")
    model_revision: str = Field(default="", description="Branch, tag or commit on the hub.")
    max_model_len: int | None = Field(
        default=None, ge=256, le=1_048_576, description="Context, in tokens."
    )
    gpu_memory_utilization: float | None = Field(
        default=None, ge=0.05, le=1, description="Share of the whole card that vLLM may take."
    )
    engine_hang_seconds: float | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Seconds without a token after which vLLM is restarted.",
    )
    vllm_extra_args: Annotated[tuple[str, ...], NoDecode, BeforeValidator(vllm_arguments)] = Field(
        default=(), description="Further arguments for vLLM, quoted as for a shell. They win."
    )
    host: str = Field(default="127.0.0.1", description="Address that vLLM listens on.")
    port: int = Field(default=3001, ge=1, le=65_535, description="Port that vLLM listens on.")
    models_dir: Path = Field(default=Path("data/models"), description="Where checkpoints lie.")
    hf_token: SecretStr = Field(
        default=SecretStr(""), description="Token for models that need one."
    )
    hf_endpoint: str = Field(
        default="https://huggingface.co", description="Hugging Face or a mirror."
    )
    modelscope_endpoint: str = Field(
        default="https://modelscope.cn", description="ModelScope's address."
    )

    @property
    def url(self) -> str:
        """Where to reach the engine: the address it binds, or loopback if it binds all of them."""
        host = LOOPBACKS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
