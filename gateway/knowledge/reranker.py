"""A reranking service that puts the best clauses in order: POST /v1/rerank, as vLLM, Jina and
Cohere have it. Without an answer in time the order stays."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import orjson
import structlog

from gateway.observability.outgoing import outgoing_headers
from gateway.upstream.faults import WireError
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Raw

log = structlog.get_logger()
CONNECT_SECONDS = 1.0
SECONDS = 0.5  # a question waits no longer
MAX_ANSWER_BYTES = 1024 * 1024
MAX_CHARS = 2_000  # of a clause


class Reranker:
    def __init__(self, url: str, model: str, api_key: str = "") -> None:
        """`url`: of the service, with or without `/v1` at its end."""
        self._model = model
        self._pool = Pool(url.rstrip("/").removesuffix("/v1"), CONNECT_SECONDS)
        self._headers = {"content-type": "application/json", "accept": "application/json"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"

    async def order(self, question: str, texts: Sequence[str]) -> list[int]:
        """Places in `texts`, best first; as they are where the service fails. Never raises."""
        unchanged = list(range(len(texts)))
        if len(texts) < 2:
            return unchanged
        body = {
            "model": self._model,
            "query": _clean(question),
            "documents": [_clean(text[:MAX_CHARS]) for text in texts],
            "top_n": len(texts),
        }
        try:
            results = orjson.loads(await self._ask(orjson.dumps(body)))["results"]
            scores = {int(one["index"]): float(one["relevance_score"]) for one in results}
        except (WireError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("rerank_failed", reason=f"{type(error).__name__}: {error}"[:200])
            return unchanged
        # The sort is stable: what the service left out stays behind, in order.
        return sorted(unchanged, key=lambda place: -scores.get(place, float("-inf")))

    async def _ask(self, body: bytes) -> bytes:
        """Raises WireError, TimeoutError, ValueError."""
        headers = {**self._headers, **outgoing_headers()}
        async with asyncio.timeout(SECONDS):
            response = await self._pool.request("POST", "/v1/rerank", headers, Raw(body), SECONDS)
            try:
                answer = await response.read_all(MAX_ANSWER_BYTES)
            finally:
                response.close()
        if response.status != HTTPStatus.OK:
            raise ValueError(f"status {response.status}")
        return answer

    def close(self) -> None:
        self._pool.drop()


def _clean(text: str) -> str:
    """JSON holds no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
