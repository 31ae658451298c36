"""POST /v1/embeddings in OpenAI's format.

Beyond OpenAI's: `input_type`, "query" or "passage" (Cohere's and Jina's names for the latter are
taken too). Without it a text is a query.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.lite.embedding.models import BOTH, MAX_CHARS, Floats
from inference.lite.errors import LiteError

MAX_TEXTS = 256
TYPES = {
    "query": "query",
    "search_query": "query",
    "retrieval.query": "query",
    "passage": "passage",
    "document": "passage",
    "search_document": "passage",
    "retrieval.passage": "passage",
}
CHARS_PER_TOKEN = 2  # roughly, over Chinese and English


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    model: str
    texts: list[str]
    kind: str  # query or passage
    as_base64: bool

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "EmbeddingRequest":
        """Raises LiteError."""
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise LiteError("`input` is a text or a list of texts.", param="input")
        if not 1 <= len(texts) <= MAX_TEXTS:
            raise LiteError(
                f"`input` has {len(texts)} texts; 1 to {MAX_TEXTS} are taken.",
                param="input",
                details={"limit": MAX_TEXTS},
            )
        model = body.get("model") or BOTH
        kind = TYPES.get(str(body.get("input_type") or "query"))
        form = body.get("encoding_format") or "float"
        if not isinstance(model, str):
            raise LiteError("`model` is a text.", param="model")
        if kind is None:
            raise LiteError('`input_type` is "query" or "passage".', param="input_type")
        if form not in ("float", "base64"):
            raise LiteError('`encoding_format` is "float" or "base64".', param="encoding_format")
        if body.get("dimensions") is not None:
            raise LiteError("`dimensions` cannot be chosen here.", param="dimensions")
        return cls(model, texts, kind, form == "base64")


def answer(request: EmbeddingRequest, vectors: Floats) -> dict[str, Any]:
    """The response's body."""
    tokens = sum(min(len(text), MAX_CHARS) for text in request.texts) // CHARS_PER_TOKEN + 1
    return {
        "object": "list",
        "model": request.model,
        "data": [
            {"object": "embedding", "index": number, "embedding": _written(vector, request)}
            for number, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _written(vector: Floats, request: EmbeddingRequest) -> str | list[float]:
    if request.as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    values: list[float] = np.round(vector.astype(np.float64), 7).tolist()
    return values
