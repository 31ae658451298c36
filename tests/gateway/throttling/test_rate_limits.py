"""Who may call the gateway, and how often."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.errors import RateLimitExceeded
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rate
from tests.support.paths import SCREENS
from tests.support.servers import Running, running_gateway

pytestmark = pytest.mark.both_paths

QUESTION: dict[str, Any] = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}


def ask(gateway: Running, **headers: str) -> requests.Response:
    return requests.post(
        gateway.url + "/v1/chat/completions", json=QUESTION, headers=headers, timeout=10
    )


@pytest.fixture(scope="module")
def closed(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {
        "API_KEYS": "shop:sk-shop",
        "ANONYMOUS_NETWORKS": "",
        "PROXY_SECRET": "between-us",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "RATE_LIMIT_KEY": "3/minute",
        "ENGINE": "cpu",
        "READER_URL": "",
    }
    with running_gateway(engine.url, tmp_path_factory.mktemp("closed"), **settings) as gateway:
        yield gateway


def test_without_a_key_nobody_gets_in(closed: Running) -> None:
    answer = ask(closed)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_wrong_key_is_refused(closed: Running) -> None:
    assert ask(closed, authorization="Bearer sk-wrong").status_code == 401


def test_a_user_header_without_the_proxys_secret_is_nobody(closed: Running) -> None:
    headers = {"x-sightdesk-user": "admin", "x-sightdesk-proxy-secret": "guess"}
    assert requests.get(closed.url + "/api/config", headers=headers, timeout=5).status_code == 401


def test_nginx_with_its_secret_names_the_user(closed: Running) -> None:
    headers = {
        "x-sightdesk-user": "admin",
        "x-sightdesk-proxy-secret": "between-us",
        "x-forwarded-for": "10.1.2.3",
    }
    answer = requests.get(closed.url + "/api/config", headers=headers, timeout=5)
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_what_was_not_charged_makes_no_new_visitor(closed: Running) -> None:
    """Each visitor cookie has its own rate limit: cookies for free would mean no limit."""
    headers = {
        "x-sightdesk-user": "admin",
        "x-sightdesk-proxy-secret": "between-us",
        "x-forwarded-for": "10.1.2.3",
    }
    for path, comes in (("/api/nothing", False), ("/api/conversations/nobodys", True)):
        answer = requests.get(closed.url + path, headers=headers, timeout=5)
        assert answer.status_code == 404
        assert ("set-cookie" in answer.headers) is comes, path


async def test_a_refusal_over_the_limit_makes_no_new_visitor_either() -> None:
    limiter = RateLimiter("memory://", Metrics("0", "lite"))
    for comes in (True, False):
        context = RequestContext("r", "10.1.2.3", False, "http", connection=None)  # type: ignore[arg-type]  # nothing is sent
        context.response.set_visitor_cookie(b"visitor=1")
        with contextlib.suppress(RateLimitExceeded):
            await limiter.check(Rate.of("api", "1/minute"), "me", context)
        assert ((b"set-cookie", b"visitor=1") in context.response.start(200)) is comes


@pytest.mark.parametrize(
    ("path", "kind", "body", "code"),
    [
        ("/v1/embed-tokens", "application/json", b"\xff", "invalid_json"),
        ("/v1/embed-tokens", "application/json", b"[" * 100_000, "invalid_json"),
        ("/v1/files", "multipart/form-data", b"no boundary", "invalid_request"),
    ],
)
def test_a_body_that_nobody_can_read_is_charged_like_any_other(
    closed: Running, path: str, kind: str, body: bytes, code: str
) -> None:
    headers = {"authorization": "Bearer sk-shop", "content-type": kind}
    left = []
    for _ in range(2):
        answer = requests.post(closed.url + path, data=body, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
        left.append(int(answer.headers["x-ratelimit-remaining-requests"]))
    assert left[1] == left[0] - 1


def test_a_key_over_its_limit_is_told_when_to_come_back(closed: Running) -> None:
    answers = [ask(closed, authorization="Bearer sk-shop") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[0].headers["x-ratelimit-remaining-requests"] == "2"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
    ],
)
def test_an_anonymous_call_through_a_strange_name_or_a_proxy_is_refused(
    gateway: Running, headers: dict[str, str]
) -> None:
    assert ask(gateway, **headers).status_code == 401


def test_a_page_of_another_origin_cannot_ask(gateway: Running) -> None:
    answer = ask(gateway, origin="https://evil.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


def test_a_cross_site_form_cannot_ask(gateway: Running) -> None:
    answer = requests.post(gateway.url + "/v1/chat/completions", data={"a": "b"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_json_built_by_hand_without_a_content_type_is_taken(gateway: Running) -> None:
    text = '{"model": "Qwen3-VL-8B-Instruct-4bit-GPTQ", "messages": [{"role": "user", "content": "hi"}]}'
    assert (
        requests.post(gateway.url + "/v1/chat/completions", data=text, timeout=5).status_code == 200
    )


def test_an_address_that_is_not_allowed_sees_only_health(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, ALLOWED_IPS="10.9.9.0/24") as gateway:
        assert ask(gateway).json()["error"]["code"] == "ip_not_allowed"
        assert requests.get(gateway.url + "/healthz", timeout=5).status_code == 200


def test_files_belong_to_whoever_sent_them(gateway: Running) -> None:
    png = (SCREENS / "app-error.png").read_bytes()
    mine, theirs = {"authorization": "Bearer sk-shop"}, {"authorization": "Bearer sk-other"}
    stored = requests.post(
        gateway.url + "/v1/files", files={"file": ("a.png", png)}, headers=mine, timeout=20
    ).json()
    path = f"{gateway.url}/v1/files/{stored['id']}"
    assert requests.get(path + "/content", headers=mine, timeout=5).content == png
    for method, url in (("GET", path), ("GET", path + "/content"), ("DELETE", path)):
        answer = requests.request(method, url, headers=theirs, timeout=5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    assert requests.get(gateway.url + "/v1/files", headers=theirs, timeout=5).json()["data"] == []
    assert requests.delete(path, headers=mine, timeout=5).json()["deleted"] is True


def test_an_embed_token_opens_the_page_and_not_the_api(gateway: Running) -> None:
    wanted: dict[str, Any] = {"user": "li", "origin": "http://localhost:9000", "ttl": 60}
    key = {"authorization": "Bearer sk-shop"}
    made = requests.post(
        gateway.url + "/v1/embed-tokens", json=wanted, headers=key, timeout=5
    ).json()
    bearer = {"authorization": f"Bearer {made['token']}"}
    assert requests.get(gateway.url + "/api/config", headers=bearer, timeout=5).status_code == 200
    assert requests.get(gateway.url + "/v1/models", headers=bearer, timeout=5).status_code == 401
    forged = {"authorization": f"Bearer {made['token'][:-3]}abc"}
    assert (
        requests.get(gateway.url + "/api/config", headers=forged, timeout=5).json()["error"]["code"]
        == "invalid_token"
    )


@pytest.mark.parametrize("path", ["/nope", "/v1/embeddings", "/docs", "/openapi.json", "/v1/chat"])
def test_everything_else_is_404_in_the_contracts_body(gateway: Running, path: str) -> None:
    answer = requests.get(gateway.url + path, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_readiness_tells_the_world_no_paths(engine: Running, tmp_path: Path) -> None:
    settings = {
        "KNOWLEDGE_DIR": str(tmp_path / "clauses"),
        "PROXY_SECRET": "between-us",
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }
    with running_gateway(engine.url, tmp_path, ENGINE="cpu", READER_URL="", **settings) as gateway:

        def problems(address: str) -> list[str]:
            headers = {"x-sightdesk-proxy-secret": "between-us", "x-forwarded-for": address}
            told: list[str] = requests.get(
                gateway.url + "/readyz", headers=headers, timeout=5
            ).json()["knowledge"]["problems"]
            return told

        assert problems("8.8.8.8") == ["clauses"]
        assert str(tmp_path) in problems("10.0.0.9")[0]


def test_a_wrong_method_is_405(gateway: Running) -> None:
    answer = requests.get(gateway.url + "/v1/chat/completions", timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_sane_request_id_is_taken_over_and_a_strange_one_replaced(gateway: Running) -> None:
    assert (
        requests.get(
            gateway.url + "/healthz", headers={"x-request-id": "abc-1"}, timeout=5
        ).headers["x-request-id"]
        == "abc-1"
    )
    made = requests.get(
        gateway.url + "/healthz", headers={"x-request-id": "a b;c"}, timeout=5
    ).headers["x-request-id"]
    assert made != "a b;c"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("value", ['\\"', "\\\\", "\\1"])
def test_a_cookie_of_escapes_holds_nobody_up(gateway: Running, method: str, value: str) -> None:
    """Python's cookie parser takes seconds for it (CVE-2024-7592), and FastAPI parses cookies on
    every route."""
    headers = {"cookie": f'x="{value * 25_000}"', "content-type": "application/json"}
    path = "/api/config" if method == "GET" else "/api/feedback"
    started = time.monotonic()
    assert requests.request(
        method, gateway.url + path, data=b"{}", headers=headers, timeout=30
    ).status_code in (
        200,
        400,
    )
    assert time.monotonic() - started < 2


def test_a_visitors_cookie_is_found_among_others(gateway: Running) -> None:
    given = requests.get(gateway.url + "/api/config", timeout=5).cookies["sightdesk_visitor"]
    for cookie in (
        f"a=b; sightdesk_visitor={given}",
        f'a="x;y"; b; sightdesk_visitor={given}; c=d',
    ):
        assert (
            "set-cookie"
            not in requests.get(
                gateway.url + "/api/config", headers={"cookie": cookie}, timeout=5
            ).headers
        )
    for cookie in (
        f"x-sightdesk_visitor={given}",
        f"sightdesk_visitor={given}x",
        f"sightdesk_visitor={'a.' * 20_000}",
    ):
        assert (
            "set-cookie"
            in requests.get(
                gateway.url + "/api/config", headers={"cookie": cookie}, timeout=5
            ).headers
        )


def test_unknown_names_in_a_short_body_are_one_fault_and_null_is_none(gateway: Running) -> None:
    body: dict[str, Any] = {
        "answer": "a",
        "rating": "up",
        **{f"x{number}": 1 for number in range(20_000)},
    }
    answer = requests.post(gateway.url + "/api/feedback", json=body, timeout=20)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["details"] == {"name": "x0"}
    nulls = {"answer": "a", "rating": "up", "reason": None, "more": None}
    assert requests.post(gateway.url + "/api/feedback", json=nulls, timeout=20).status_code == 404
