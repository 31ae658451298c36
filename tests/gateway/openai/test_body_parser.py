"""From body to request: base64 stays out of the parser, and text is bounded before it is parsed."""

import base64
import json
import os
import random
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gateway.errors import ContextLengthExceeded, InvalidJSON, InvalidRequest
from gateway.media import data_url
from gateway.openai.base64_payload import MIN_BYTES, Base64Finder
from gateway.openai.body_limits import CHARACTERS_PER_TOKEN, MAX_MARKS, TextLimit
from gateway.openai.body_parser import MAX_DEPTH, parse
from gateway.openai.chat_request import ChatRequest
from gateway.openai.messages import ImagePart, TextPart
from tests.support.servers import Running

CONTEXT = 1000
LIMIT = CHARACTERS_PER_TOKEN * CONTEXT
PIECE = 64 * 1024
PICTURE = os.urandom(30_000)
URL = "data:image/png;base64," + base64.b64encode(PICTURE).decode()


def read(body: bytes, *, context: int = CONTEXT, piece: int = PIECE) -> ChatRequest:
    incoming = TextLimit(context)
    for at in range(0, len(body), piece):
        incoming.feed(body[at : at + piece])
    return parse(ChatRequest, body, incoming, context)


def asking(*content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "a", "messages": [{"role": "user", "content": list(content)}], **more}


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def parts(request: ChatRequest) -> list[Any]:
    content = request.messages[0].content
    assert isinstance(content, list)
    return content


def decoded(part: Any) -> bytes:
    assert isinstance(part, ImagePart)
    url, payload = part.take()
    return data_url.decode(url, 1_000_000, payload)


def test_pictures_and_text_come_out_as_they_were_wherever_the_pieces_end() -> None:
    said = 'look: "data:image/png;base64,AAAA" 你好'
    body = json.dumps(asking({"type": "text", "text": said}, image(URL), image(URL))).encode()
    for piece in (1, 7, 8, 9, 1000, len(body)):
        text, *pictures = parts(read(body, piece=piece))
        assert isinstance(text, TextPart)
        assert text.text == said
        assert [decoded(part) for part in pictures] == [PICTURE, PICTURE]


def test_the_finder_sees_the_same_in_any_pieces() -> None:
    dice = random.Random(4)
    words = [
        b";base64,",
        b"; Base64 ,",
        b'"',
        b";base64",
        b",",
        b"A" * MIN_BYTES,
        b" ",
        b"\\",
        b"7",
    ]
    for _ in range(300):
        body = b"".join(dice.choices(words, k=30))
        whole, pieces = Base64Finder(), Base64Finder()
        whole.feed(body)
        at = 0
        while at < len(body):
            size = dice.choice((1, 3, 8, 500))
            pieces.feed(body[at : at + size])
            at += size
        assert (pieces.spans, pieces.other_bytes) == (whole.spans, whole.other_bytes), body


ESCAPES: dict[str, Callable[[str], str]] = {
    "PHP": lambda text: text.replace("/", "\\/"),
    ".NET": lambda text: (
        text.replace("+", "\\u002B").replace("/", "\\u002f").replace("=", "\\u003D")
    ),
    "MIME": lambda text: "\\r\\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
    "spaces": lambda text: " ".join(text[at : at + 76] for at in range(0, len(text), 76)),
}


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("size", [30_000, 700_001])
def test_base64_may_be_escaped_as_json_allows(name: str, size: int) -> None:
    data = os.urandom(size)
    escaped = ESCAPES[name](base64.b64encode(data).decode())
    body = json.dumps(asking(image("data:image/png;base64,@"))).replace("@", escaped).encode()
    (part,) = parts(read(body, context=32_768))
    assert decoded(part) == data


@pytest.mark.parametrize("mark", ["BASE64", "Base64", " base64", "charset=utf-8; base64 "])
def test_the_mark_of_base64_may_be_written_in_capitals_and_with_spaces(mark: str) -> None:
    data = os.urandom(900_000)  # as text it would be more than the context takes
    url = f"data:image/png;{mark},{base64.b64encode(data).decode()}"
    (part,) = parts(read(json.dumps(asking(image(url))).encode(), context=32_768))
    assert decoded(part) == data


@pytest.mark.parametrize("end", ['\\"', "\\u0022, then more", "\\n and prose", "\\\\"])
def test_what_is_no_base64_is_read_as_json(end: str) -> None:
    text = ";base64," + "A" * (2 * MIN_BYTES) + end + "!"
    body = json.dumps(asking({"type": "text", "text": "@"})).replace("@", text).encode()
    assert read(body).messages[0].text == json.loads(f'"{text}"')


def test_a_parser_sees_no_more_than_the_bound_of_text_in_base64s_clothes() -> None:
    short = {"type": "text", "text": ";base64," + "A" * (LIMIT - 8)}
    assert len(read(json.dumps(asking(short)).encode()).messages[0].text) == LIMIT
    for size in (LIMIT - 7, 20_000_000):
        long = {"type": "text", "text": ";base64," + "A" * size}
        with pytest.raises(ContextLengthExceeded):
            read(json.dumps(asking(long)).encode())


def characters(size: int) -> dict[str, bytes]:
    """Bodies with `size` characters of text."""
    third = size // 3
    call = {"id": "i", "type": "function", "function": {"name": "f", "arguments": "x" * (size - 6)}}
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]}]
    function = {"name": "f", "parameters": {"p": "x" * (size - 38)}}
    bodies = {
        "plain": asking({"type": "text", "text": "a" * size}),
        "Chinese": asking({"type": "text", "text": "退" * size}),
        "many messages": {"model": "a", "messages": [{"role": "user", "content": "退" * third}] * 2
                          + [{"role": "user", "name": "me",
                              "content": "a" * (size - 2 * third - 2)}]},
        "tool calls": {"model": "a",
                       "messages": [*turns,
                                    {"role": "tool", "tool_call_id": "i", "content": "ok"}]},
        "tools": asking({"type": "text", "text": "hi"},
                        tools=[{"type": "function", "function": function}]),
    }  # fmt: skip
    whole = {name: json.dumps(body, ensure_ascii=False).encode() for name, body in bodies.items()}
    return whole | {
        "two escapes each": json.dumps(asking({"type": "text", "text": "😀" * size})).encode()
    }


@pytest.mark.parametrize("name", characters(100))
def test_text_in_all_is_bounded_in_characters(name: str) -> None:
    read(characters(LIMIT)[name])
    with pytest.raises(ContextLengthExceeded) as refused:
        read(characters(LIMIT + 1)[name])
    assert refused.value.details == {"limit": LIMIT, "size": LIMIT + 1}
    assert str(LIMIT) in refused.value.message


@pytest.mark.parametrize("character", [" a", "退", "\\u9000", "[", '"},{"'])
def test_a_body_of_text_is_refused_while_it_comes(character: str) -> None:
    incoming = TextLimit(32_768)
    piece = character.encode() * (PIECE // len(character.encode()))
    with pytest.raises(ContextLengthExceeded) as refused:
        while True:
            incoming.feed(piece)
    assert incoming.finder.other_bytes < 6_000_000
    assert refused.value.details["limit"] == 8 * 32_768 < refused.value.details["size"]


def test_whitespace_around_a_body_is_nothing() -> None:
    body = json.dumps(asking({"type": "text", "text": "hi"})).encode()
    assert read(b" \r\n" * 2_000_000 + body + b"\n" * 5_000_000).messages[0].text == "hi"


def test_a_byte_order_mark_is_nothing() -> None:
    body = json.dumps(asking({"type": "text", "text": "hi"}, image(URL))).encode()
    assert read(b"\xef\xbb\xbf" + body).messages[0].text == "hi"


def test_nesting_is_bounded_and_says_so() -> None:
    body = b'{"metadata":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}"
    with pytest.raises(InvalidJSON, match="nested too deeply") as refused:
        read(body)
    assert refused.value.details == {"limit": MAX_DEPTH}


@pytest.mark.parametrize(
    ("value", "mark"), [(b"[]", "[{"), (b"{}", "[{"), (b"1", ","), (b'{"a":1}', ":")]
)
def test_a_swarm_of_small_values_is_refused_before_it_is_made(value: bytes, mark: str) -> None:
    most, share = MAX_MARKS[mark]
    limit = most + LIMIT // share
    body = b'{"metadata":{"a":[' + b",".join([value] * (limit + 10)) + b"]}}"
    with pytest.raises(InvalidRequest) as refused:
        read(body)
    assert refused.value.details["limit"] <= limit < refused.value.details["size"]


def test_pictures_are_parsed_and_decoded_without_a_copy_of_their_base64() -> None:
    data = os.urandom(7_500_000)
    body = json.dumps(
        asking(image("data:image/png;base64," + base64.b64encode(data).decode()))
    ).encode()
    incoming = TextLimit(CONTEXT)
    for at in range(0, len(body), PIECE):
        incoming.feed(body[at : at + PIECE])
    tracemalloc.start()
    try:
        (part,) = parts(parse(ChatRequest, body, incoming, CONTEXT))
        assert isinstance(part, ImagePart)
        url, payload = part.take()
        assert data_url.decode(url, 10_000_000, payload) == data
        assert tracemalloc.get_traced_memory()[1] < 1.2 * len(data), "more than the picture itself"
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "x" * (LIMIT + 1)},
        {"role": "user", "content": [{"type": "text", "text": "x" * (LIMIT + 1)}]},
        {"role": "tool", "tool_call_id": "x" * (LIMIT + 1)},
        {"role": "assistant", "tool_calls": [{"function": {"arguments": "x" * (LIMIT + 1)}}]},
    ],
)
def test_text_that_is_too_long_is_told_before_anything_else(message: dict[str, Any]) -> None:
    wrong = {"model": 5, "temperature": 99, "nothing_known": 1}
    with pytest.raises(ContextLengthExceeded) as refused:
        read(json.dumps({**wrong, "messages": [message, 7, {"content": [8]}]}).encode())
    assert refused.value.details == {"limit": LIMIT, "size": LIMIT + 1}
    with pytest.raises(InvalidRequest):
        read(json.dumps({**wrong, "messages": [{"role": "user", "content": "x" * LIMIT}]}).encode())


def test_a_gateway_answers_before_the_rest_of_the_text_has_come(gateway: Running) -> None:
    where = urlsplit(gateway.url)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\n"
    with socket.create_connection((where.hostname, where.port), 20) as wire:
        wire.sendall(
            f"{head}content-length: 60000000\r\n\r\n".encode() + b'{"model":"fake-vl","messages":"'
        )
        wire.sendall("退".encode() * 1_500_000)
        came = b""
        while b"context_length_exceeded" not in came and (more := wire.recv(65536)):
            came += more
    assert came.startswith(b"HTTP/1.1 400"), came[:200]
    assert b"context_length_exceeded" in came


def test_a_picture_of_many_megabytes_is_no_text(gateway: Running) -> None:
    url = "data:image/png;base64," + base64.b64encode(os.urandom(6_000_000)).decode()
    body = json.dumps({**asking(image(url)), "model": "fake-vl"}).replace("/", "\\/")
    answer = requests.post(gateway.url + "/v1/chat/completions", data=body, timeout=20)
    assert answer.json()["error"]["code"] in ("invalid_image", "unsupported_media_type"), (
        answer.text[:300]
    )
