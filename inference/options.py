"""The launcher's settings, from the environment (contract, section 4)."""

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inference.faults import Fault

ENGINES = ("gpu", "cpu")
SOURCES = ("huggingface", "modelscope", "local")
# What would move the engine to where neither the launcher nor the gateway looks for it, and what is set instead.
OURS = {
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


@dataclass(frozen=True, slots=True)
class Options:
    """None and empty mean "as the profile says"."""

    engine: str = "gpu"
    source: str = "huggingface"
    model_id: str = ""
    model_name: str = ""
    revision: str = ""
    max_model_len: int | None = None  # tokens
    gpu_memory_utilization: float | None = None  # share of the whole card, (0, 1]
    hang_seconds: float | None = None
    extra_arguments: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 3001
    models_folder: Path = Path("data/models")

    @property
    def url(self) -> str:
        """Where the engine is asked: at the address it binds, or at loopback where it binds them all."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - looked up, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def status_file(environ: Mapping[str, str]) -> Path:
    """Known before the rest is read: a wrong setting is told there too."""
    return Path(_Environment(environ).text("ENGINE_STATUS_FILE", "data/engine/status.json"))


def hold_seconds(environ: Mapping[str, str]) -> float:
    """How long a start that failed keeps its container up, so that its reason is read and no tight loop comes of it."""
    with suppress(Fault):
        return _Environment(environ).number("HOLD_SECONDS", 0, 3600) or 0
    return 0


def read_options(environ: Mapping[str, str]) -> Options:
    """Raises Fault: the name, the value, what is expected."""
    options = _Environment(environ)
    return Options(
        engine=options.one_of("ENGINE", ENGINES, "gpu"),
        source=options.one_of("MODEL_SOURCE", SOURCES, "huggingface"),
        model_id=options.text("MODEL_ID", ""),
        model_name=options.text("MODEL_NAME", ""),
        revision=options.text("MODEL_REVISION", ""),
        max_model_len=options.whole("MAX_MODEL_LEN", 256, 1_048_576),
        gpu_memory_utilization=options.number("GPU_MEMORY_UTILIZATION", 0.05, 1.0),
        hang_seconds=options.number("ENGINE_HANG_SECONDS", 1, 3600),
        extra_arguments=not_ours(options.words("VLLM_EXTRA_ARGS")),
        host=options.text("HOST", "127.0.0.1"),
        port=options.whole("PORT", 1, 65_535) or 3001,
        models_folder=Path(options.text("MODELS_DIR", "data/models")),
    )


def not_ours(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """VLLM_EXTRA_ARGS as they are. Raises Fault for what the launcher itself must know in order to find its engine."""
    for argument in arguments:
        flag = argument.partition("=")[0].replace("_", "-")
        if flag in OURS:
            raise Fault(f"VLLM_EXTRA_ARGS: {flag} is not to be set there; {OURS[flag]}")
    return arguments


class _Environment:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise Fault(f"{name}={value!r}: expected one of {', '.join(choices)}")
        return value

    def number(self, name: str, least: float, most: float) -> float | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise Fault(f"{name}={value!r}: expected a number from {least:g} to {most:g}")
        return number

    def whole(self, name: str, least: int, most: int) -> int | None:
        number = self.number(name, least, most)
        if number is not None and number != int(number):
            raise Fault(f"{name}={number:g}: expected a whole number from {least} to {most}")
        return None if number is None else int(number)

    def words(self, name: str) -> tuple[str, ...]:
        try:
            return tuple(shlex.split(self.text(name, "")))
        except ValueError as error:
            raise Fault(f"{name}: {error}; quote it as a shell would") from None
