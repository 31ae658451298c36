"""The body for an engine: pictures are encoded as base64 while it is sent, never as a whole."""

import asyncio
import base64
import json
import os

import pytest

from gateway.upstream.pool import Pool
from gateway.upstream.request_body import PIECE, Body, DataURL

HUGE = 24 * PIECE + 1
HEADERS = {"content-type": "application/json"}


def picture_body(*sizes: int) -> tuple[Body, str]:
    """A body with pictures, and the JSON that an engine must get."""
    pictures = [os.urandom(size) for size in sizes]
    said = 'data:image/png;base64, "quoted" 你好 \\ '
    urls = [f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" for data in pictures]
    return (
        Body({"text": said, "urls": [DataURL(data, "image/jpeg") for data in pictures], "last": 1}),
        json.dumps({"text": said, "urls": urls, "last": 1}),
    )


@pytest.mark.parametrize(
    "sizes",
    [(), (0,), (1,), (2, 3), (PIECE - 1, PIECE, PIECE + 1), (3 * PIECE + 2,)],
    ids=lambda sizes: str(sizes),
)
def test_a_body_is_the_json_with_every_picture_as_a_data_url(sizes: tuple[int, ...]) -> None:
    body, expected = picture_body(*sizes)
    written = b"".join(body)
    assert json.loads(written) == json.loads(expected)
    assert len(body) == len(written)
    assert b"".join(body) == written, "a second engine gets the same"


def test_no_piece_is_much_larger_than_the_bound() -> None:
    body, _ = picture_body(HUGE)
    assert max(map(len, body)) == PIECE // 3 * 4


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        Body({"model": object()})


async def test_an_engine_that_takes_nothing_is_sent_no_more_than_it_takes_and_all_of_it_in_the_end() -> (
    None
):
    body, expected = picture_body(HUGE)
    reading = asyncio.Event()
    got = b""

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        await reader.readuntil(b"\r\n\r\n")
        await reading.wait()
        got = await reader.readexactly(len(body))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(engine, "127.0.0.1", 0, limit=4096) as server:
        pool = Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 2.0)
        asking = asyncio.ensure_future(pool.request("POST", "/", HEADERS, body, 5.0))
        await asyncio.sleep(0.2)
        (sent,) = pool.active
        assert sent._transport is not None
        assert 0 < sent._transport.get_write_buffer_size() < 3 * PIECE
        reading.set()
        response = await asking
        assert await response.read_all(10) == b"{}"
        response.close()
        assert json.loads(got) == json.loads(expected)
        pool.drop()


async def test_a_connection_that_still_owes_a_body_is_not_used_again() -> None:
    """An engine may refuse a body before it has read it."""
    body, _ = picture_body(HUGE)
    closed = asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}")
        await closed.wait()
        writer.close()

    async with await asyncio.start_server(engine, "127.0.0.1", 0, limit=4096) as server:
        pool = Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 2.0)
        response = await pool.request("POST", "/", HEADERS, body, 5.0)
        assert response.status == 413
        assert await response.read_all(10) == b"{}"
        response.close()
        assert not pool._idle
        assert not pool.active
        closed.set()
