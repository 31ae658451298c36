"""The client of the embedding service: texts in, vectors out (OpenAI's POST /v1/embeddings)."""

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.observability import genai, tracing
from gateway.observability.outgoing import outgoing_headers
from gateway.upstream.faults import WireError
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Raw

Floats = NDArray[np.float32]
CONNECT_SECONDS = 2.0
MAX_TEXT_BYTES = 96 * 1024  # of an answer, for each text: 4,096 numbers written in JSON
BIG_ANSWER_BYTES = 64 * 1024  # reading more takes over a millisecond, and runs in a thread
REMEMBERED = 512  # questions
QUERY, PASSAGE = "query", "passage"
# What models want before a text, by a part of their name: before a question, before a passage.
PREFIXES = (
    ("qwen3-embedding", ("Instruct: Find the clause that answers the question\nQuery:", "")),
    ("embeddinggemma", ("task: search result | query: ", "title: none | text: ")),
    ("e5-", ("query: ", "passage: ")),
    ("nomic", ("search_query: ", "search_document: ")),
)
LITE_MODELS = ("sightdesk-embedding", "multilingual-e5-small", "use-multilingual-v3")


class NoVectors(Exception):
    """The service did not answer in time, or not with vectors."""


class EmbeddingClient:
    def __init__(self, url: str, model: str, api_key: str = "") -> None:
        """`url`: of the service, with or without `/v1` at its end."""
        self.url = url
        self.model = model
        self.width = 0  # of every vector; 0 before the first one
        self._pool = Pool(url.rstrip("/").removesuffix("/v1"), CONNECT_SECONDS)
        self._api_key = api_key
        self._headers = {"content-type": "application/json", "accept": "application/json"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._questions: OrderedDict[str, Floats] = OrderedDict()

    async def questions(self, texts: Sequence[str], seconds: float, owner: str = "") -> Floats:
        """(texts, width). Vectors of recent questions are remembered. `owner` is a pseudonym; only
        `lite` is told it. Raises NoVectors."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._questions]
        found = dict(self._questions)
        if missing:
            with tracing.span(genai.EMBEDDINGS, "client") as span:
                span.set(genai.embeddings(self.model))
                found |= zip(missing, await self.embed(missing, QUERY, seconds, owner), strict=True)
        for text in texts:
            self._questions[text] = found[text]
            self._questions.move_to_end(text)
        while len(self._questions) > REMEMBERED:
            self._questions.popitem(last=False)
        return np.stack([found[text] for text in texts])

    async def embed(
        self, texts: Sequence[str], kind: str, seconds: float, owner: str = ""
    ) -> Floats:
        """(texts, width): vectors of length 1. `kind` is QUERY or PASSAGE. Raises NoVectors, also
        for vectors of another width than those before."""
        body = orjson.dumps(self._body(texts, kind))
        headers = {**self._headers, **outgoing_headers()}
        if owner and self.model in LITE_MODELS:
            headers["x-owner"] = owner
        try:
            async with asyncio.timeout(seconds):
                response = await self._pool.request(
                    "POST", "/v1/embeddings", headers, Raw(body), seconds
                )
                try:
                    answer = await response.read_all(MAX_TEXT_BYTES * len(texts))
                finally:
                    response.close()
        except TimeoutError:
            raise NoVectors(f"no answer within {seconds:g} s") from None
        except WireError as error:
            raise NoVectors(f"{type(error).__name__}: {error}") from None
        if response.status != HTTPStatus.OK:
            raise NoVectors(f"status {response.status}")
        if len(answer) > BIG_ANSWER_BYTES:
            vectors = await asyncio.to_thread(_vectors, answer, len(texts))
        else:
            vectors = _vectors(answer, len(texts))
        if self.width and vectors.shape[1] != self.width:
            raise NoVectors(f"the width changed from {self.width} to {vectors.shape[1]}")
        self.width = vectors.shape[1]
        return vectors

    def of_model(self, url: str, model: str) -> "EmbeddingClient":
        """A client of another model. This one's key is sent to its own service alone."""
        return EmbeddingClient(url, model, self._api_key if url == self.url else "")

    def close(self) -> None:
        self._pool.drop()

    def _body(self, texts: Sequence[str], kind: str) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "encoding_format": "base64"}
        # JSON holds no half of a surrogate pair.
        texts = [text.encode("utf-8", "replace").decode() for text in texts]
        if self.model in LITE_MODELS:
            return {**body, "input": texts, "input_type": kind}
        name = self.model.lower()
        before = next((both for part, both in PREFIXES if part in name), ("", ""))
        return {**body, "input": [before[kind == PASSAGE] + text for text in texts]}


def _vectors(answer: bytes, count: int) -> Floats:
    try:
        data = sorted(orjson.loads(answer)["data"], key=lambda one: int(one["index"]))
        rows = [_vector(one["embedding"]) for one in data]
        vectors = np.stack(rows)
    except (ValueError, KeyError, TypeError, OverflowError, binascii.Error):
        raise NoVectors("the answer holds no vectors") from None
    is_matrix = vectors.ndim == 2 and len(vectors) == count and vectors.size > 0
    if not is_matrix or not np.isfinite(vectors).all():
        raise NoVectors("the answer holds other vectors than were asked for")
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _vector(value: Any) -> Floats:
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value), "<f4").astype(np.float32)
    return np.array(value, np.float32)
