"""The models that requests may name, and which of them is the assistant."""

from dataclasses import dataclass
from typing import Any

from gateway.errors import ModelNotFound
from gateway.upstream.upstream import LITE_MODEL, Upstream

ASSISTANT = "sightdesk"
CREATED = 1_760_000_000  # OpenAI's API has a time here; it means nothing for these models
LITE_DESCRIPTION = (
    "The embedded engine: reads pictures by OCR, quotes the knowledge base and fills tool calls. "
    "It is no language model."
)
MAX_NAMED = 100  # characters of a name that an error repeats


@dataclass(frozen=True, slots=True)
class ModelCatalog:
    model_name: str
    aliases: tuple[str, ...]

    def is_assistant(self, model: str, upstreams: list[Upstream]) -> bool:
        """Whether `model` is the assistant. Raises ModelNotFound for an unknown name."""
        if model == ASSISTANT:
            return True
        if model in self.names(upstreams):
            return False
        raise self._unknown(model, upstreams)

    def names(self, upstreams: list[Upstream]) -> list[str]:
        served = [upstream.model for upstream in upstreams]
        return list(dict.fromkeys([ASSISTANT, self.model_name, *served, *self.aliases]))

    def entries(self, upstreams: list[Upstream]) -> list[dict[str, Any]]:
        lite = all(upstream.is_lite for upstream in upstreams)
        return [_entry(name, upstreams[0].max_model_len, lite) for name in self.names(upstreams)]

    def entry(self, name: str, upstreams: list[Upstream]) -> dict[str, Any]:
        for entry in self.entries(upstreams):
            if entry["id"] == name:
                return entry
        raise self._unknown(name, upstreams)

    def _unknown(self, name: str, upstreams: list[Upstream]) -> ModelNotFound:
        available = self.names(upstreams)
        return ModelNotFound(
            f"There is no model {name[:MAX_NAMED]!r} here; there are: {', '.join(available)}.",
            param="model",
            details={"name": name[:MAX_NAMED], "available": available},
        )


def _entry(name: str, max_model_len: int, lite: bool) -> dict[str, Any]:
    entry = {
        "id": name,
        "object": "model",
        "created": CREATED,
        "owned_by": LITE_MODEL if lite else "vllm",
        "max_model_len": max_model_len,
    }
    return {**entry, "language_model": False, "description": LITE_DESCRIPTION} if lite else entry
