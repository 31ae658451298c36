"""POST /v1/chat/completions, with a fake engine that fails on request."""

import json
import time
from typing import Any

import httpx
import pytest
import requests

from tests.support.http_client import events, state
from tests.support.servers import Running, wait_until

pytestmark = pytest.mark.both_paths

RAW = {"model": "fake-vl", "stream": True}


def body(text: str, **more: object) -> dict[str, object]:
    return {**RAW, "messages": [{"role": "user", "content": text}], **more}


def post(gateway: Running, content: dict[str, Any], **more: Any) -> requests.Response:
    return requests.post(gateway.url + "/v1/chat/completions", json=content, timeout=60, **more)


def test_events_pass_byte_for_byte_and_the_usage_event_stays_here(gateway: Running) -> None:
    assert events(post(gateway, body("hi")))[-1] == "[DONE]"
    contents = [
        json.loads(event)["choices"][0]["delta"]["content"]
        for event in events(post(gateway, body("hi")))[:-1]
    ]
    assert contents == ["你", "!"]


def test_a_client_that_asks_for_usage_gets_it(gateway: Running) -> None:
    answer = post(gateway, body("hi", stream_options={"include_usage": True}))
    assert json.loads(events(answer)[-2])["usage"]["completion_tokens"] == 4


def test_half_a_character_between_two_chunks_arrives_whole(gateway: Running) -> None:
    contents = [
        json.loads(event)["choices"][0]["delta"]["content"]
        for event in events(post(gateway, body("split")))[:-1]
    ]
    assert "".join(contents) == "你好\u2028吗!"


def test_ten_megabytes_in_one_event_pass(gateway: Running) -> None:
    assert len(post(gateway, body("huge")).content) > 10_000_000


def test_an_engine_that_dies_in_the_middle_ends_the_stream_with_an_error(gateway: Running) -> None:
    answer = events(post(gateway, body("die")))
    assert json.loads(answer[-1])["error"]["code"] == "upstream_error"


def metric(gateway: Running, name: str) -> float:
    lines = requests.get(gateway.url + "/metrics", timeout=5).text.splitlines()
    return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])


def test_a_client_that_leaves_is_no_failed_stream(gateway: Running) -> None:
    errors, left = "sightdesk_stream_errors_total{", "sightdesk_client_disconnects_total"
    before, leaving = metric(gateway, errors), metric(gateway, left)
    with post(gateway, body("endless"), stream=True) as answer:
        next(answer.iter_lines())
    wait_until(lambda: metric(gateway, left) == leaving + 1, 10)
    assert metric(gateway, errors) == before


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat"])
def test_a_stream_that_ends_with_an_error_is_counted(gateway: Running, path: str) -> None:
    """Its status is 200, so that nobody would see it in `sightdesk_requests_total`."""
    name = f'sightdesk_stream_errors_total{{route="{path}"}}'

    def count() -> float:
        return metric(gateway, name)

    before = count()
    asked: Any = body("die") if path.startswith("/v1") else {"messages": body("die")["messages"]}
    answer = requests.post(gateway.url + path, json=asked, timeout=20)
    assert (answer.status_code, b'"error"' in answer.content) == (200, True)
    wait_until(lambda: count() == before + 1, 10)
    post(gateway, body("hi"))
    assert count() == before + 1


@pytest.mark.parametrize("stream", [True, False])
def test_an_engine_that_fails_is_a_502(gateway: Running, stream: bool) -> None:
    answer = post(gateway, body("500", stream=stream))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_error")
    assert post(gateway, body("hi", stream=stream)).status_code == 200


def test_the_engines_word_on_a_context_that_is_too_long_arrives(gateway: Running) -> None:
    answer = post(gateway, body("too-long"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert "9000" in answer.json()["error"]["message"]
    assert answer.json()["error"]["details"].keys() == {"limit", "tokens", "tokens_over"}


@pytest.mark.parametrize("model", ["fake-vl", "sightdesk"])
@pytest.mark.parametrize(
    ("has", "wanted", "over"),
    [(7000, 2000, 808), (8192, None, 1), (9000, None, 809), (9000, 10, 818)],
)
def test_the_answer_that_was_asked_for_counts_too(
    gateway: Running, model: str, has: int, wanted: int | None, over: int
) -> None:
    answer = post(
        gateway,
        {**body(f"{has} too-long"), "model": model, **({"max_tokens": wanted} if wanted else {})},
    )
    assert answer.json()["error"]["code"] == "context_length_exceeded"
    assert f"are {over} tokens over" in answer.json()["error"]["message"]
    assert answer.json()["error"]["details"] == {"limit": 8192, "tokens": has, "tokens_over": over}


@pytest.mark.parametrize(
    ("order", "stream"), [("silent", True), ("endless", True), ("slow", False)]
)
async def test_a_client_that_leaves_aborts_the_engine_at_once(
    gateway: Running, engine: Running, order: str, stream: bool
) -> None:
    before = state(engine)["aborted"]
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ReadTimeout):
            if stream:
                async with client.stream(
                    "POST", gateway.url + "/v1/chat/completions", json=body(order), timeout=1
                ) as answer:
                    started = time.monotonic()
                    async for _ in answer.aiter_bytes():
                        if time.monotonic() - started > 0.5:
                            raise httpx.ReadTimeout("enough")
            else:
                await client.post(
                    gateway.url + "/v1/chat/completions", json=body(order, stream=False), timeout=1
                )
    left_at = time.time()
    while state(engine)["aborted"] == before and time.time() < left_at + 5:
        time.sleep(0.02)
    assert state(engine)["aborted"] == before + 1
    assert float(state(engine)["aborted_at"]) - left_at < 2


def test_the_gateway_sends_the_engine_only_what_is_on_the_list(
    gateway: Running, engine: Running
) -> None:
    post(gateway, body("hi", temperature=0.5, metadata={"a": "b"}, store=False))
    sent = state(engine)["bodies"][-1]
    assert sent["temperature"] == 0.5
    assert not {"metadata", "store"} & set(sent)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "invalid_json"),
        (b"", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'{"model":"fake-vl","messages":[{"role":"user","content":"\\ud800"}]}', "invalid_json"),
        (b"[1]", "invalid_request"),
        (b'{"model":"fake-vl"}', "invalid_request"),
        (b'{"model":"fake-vl","messages":[]}', "invalid_request"),
        (b'{"model":"fake-vl","messages":[{"role":"user","content":""}]}', "invalid_request"),
        (b'{"model":"fake-vl","messages":[{"role":"user","content":5}]}', "invalid_request"),
        (b'{"model":"fake-vl","messages":[{"role":"bot","content":"a"}]}', "invalid_request"),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":[{"type":"video_url"}]}]}',
            "invalid_request",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"temperature":3}',
            "invalid_request",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"n":2}',
            "invalid_request",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"max_tokens":99999999}',
            "invalid_request",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"stop":["a","b","c","d","e"]}',
            "invalid_request",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"chat_template":"x"}',
            "unsupported_parameter",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"logit_bias":{}}',
            "unsupported_parameter",
        ),
        (
            b'{"model":"fake-vl","messages":[{"role":"user","content":"a"}],"priority":1}',
            "unsupported_parameter",
        ),
    ],
)
def test_a_bad_body_is_refused_by_name_and_the_next_good_one_works(
    gateway: Running, content: bytes, code: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = requests.post(
        gateway.url + "/v1/chat/completions", data=content, headers=headers, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert set(answer.json()["error"]) == {"message", "type", "param", "code", "details"}
    assert post(gateway, body("hi")).status_code == 200


def test_an_unknown_model_is_404(gateway: Running) -> None:
    answer = post(gateway, body("hi", model="nope"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_tokens_are_counted_as_the_engine_says(gateway: Running) -> None:
    def counted() -> float:
        text = requests.get(gateway.url + "/metrics", timeout=5).text
        lines = [
            line
            for line in text.splitlines()
            if line.startswith("sightdesk_tokens_total{") and 'client="shop"' in line
        ]
        return sum(float(line.split()[-1]) for line in lines if 'direction="completion"' in line)

    before = counted()
    post(gateway, body("hi"), headers={"authorization": "Bearer sk-shop"})
    assert counted() - before == 4


def test_tools_and_schemas_reach_the_engine_as_they_were_given(
    gateway: Running, engine: Running
) -> None:
    tool = {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
    }
    form = {
        "type": "json_schema",
        "json_schema": {"name": "t", "schema": {"type": "object"}, "strict": True},
    }
    body: dict[str, Any] = {
        "model": "fake-vl",
        "messages": [{"role": "user", "content": "x"}],
        "tools": [tool],
        "response_format": form,
    }
    answer = requests.post(
        gateway.url + "/v1/chat/completions", json={**body, "tool_choice": "auto"}, timeout=10
    )
    assert answer.status_code == 200, answer.text
    sent = requests.get(engine.url + "/state", timeout=5).json()["bodies"][-1]
    assert (sent["tools"], sent["response_format"], sent["tool_choice"]) == ([tool], form, "auto")
    assert len(sent["cache_salt"]) == 32
    large: dict[str, Any] = {
        **body,
        "tools": [{**tool, "function": {"name": "f", "description": "x" * 70_000}}],
    }
    refused = requests.post(gateway.url + "/v1/chat/completions", json=large, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert "at most 65536" in refused.json()["error"]["message"]
