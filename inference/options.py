"""The launcher's settings, from the environment (contract, section 4)."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.faults import Fault

ENGINES = ("gpu", "cpu")
SOURCES = ("huggingface", "modelscope", "local")


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
    status_file: Path = Path("data/engine/status.json")
    # How long a start that failed keeps its container up, so that its reason is read and no tight loop comes of it.
    hold_seconds: float = 0


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
        extra_arguments=options.words("VLLM_EXTRA_ARGS"),
        host=options.text("HOST", "127.0.0.1"),
        port=options.whole("PORT", 1, 65_535) or 3001,
        models_folder=Path(options.text("MODELS_DIR", "data/models")),
        status_file=Path(options.text("ENGINE_STATUS_FILE", "data/engine/status.json")),
        hold_seconds=options.number("HOLD_SECONDS", 0, 3600) or 0,
    )


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
