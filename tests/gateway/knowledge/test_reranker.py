"""A reranker puts clauses in order, and its failure changes nothing."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from gateway.knowledge.reranker import Reranker
from gateway.observability.request_ids import request_id
from tests.support.servers import free_port

TEXTS = ["运费", "退款到账", "保修"]


class Service:
    """Answers each request with `status` and `body`; keeps what it was asked."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.body = b"{}"
        self.asked: dict[str, object] = {}
        self.head = ""
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(self.head.split("content-length: ")[1].split("\r\n")[0])
        self.asked = orjson.loads(await reader.readexactly(length))
        writer.write(
            f"HTTP/1.1 {self.status}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(self.body)}\r\n\r\n".encode()
            + self.body
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def reranker(service: Service) -> AsyncIterator[Reranker]:
    made = Reranker(service.url, "rr")
    yield made
    made.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    yield made
    server.close()


async def test_the_order_is_the_services(service: Service, reranker: Reranker) -> None:
    results = [{"index": 2, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]
    service.body = orjson.dumps({"results": results})
    assert await reranker.order("钱什么时候退", TEXTS) == [1, 2, 0]
    assert service.asked == {"model": "rr", "query": "钱什么时候退", "documents": TEXTS, "top_n": 3}


async def test_the_service_hears_which_request_asks(service: Service, reranker: Reranker) -> None:
    named = request_id.set("from-nginx-1")
    await reranker.order("退款", TEXTS)
    request_id.reset(named)
    assert "\r\nx-request-id: from-nginx-1\r\n" in service.head


@pytest.mark.parametrize("body", [b"{}", b"no JSON", b'{"results": [{"index": "x"}]}'])
async def test_an_answer_without_an_order_changes_nothing(
    service: Service, reranker: Reranker, body: bytes
) -> None:
    service.body = body
    assert await reranker.order("退款", TEXTS) == [0, 1, 2]


async def test_a_service_that_is_down_or_busy_changes_nothing(
    service: Service, reranker: Reranker
) -> None:
    service.status = "503 Service Unavailable"
    assert await reranker.order("退款", TEXTS) == [0, 1, 2]
    nobody = Reranker(f"http://127.0.0.1:{free_port()}", "rr")
    assert await nobody.order("退款", TEXTS) == [0, 1, 2]
