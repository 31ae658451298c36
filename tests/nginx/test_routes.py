"""nginx in front of the gateway: logins, headers that it overwrites, and no buffering."""

import json
import re
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gateway.api.static_page import POLICY
from tests.support.nginx import Front, running_front
from tests.support.page_files import without_digest
from tests.support.paths import ROOT
from tests.support.servers import Running

PERSON = ("agent", "desk")
KEY = {"authorization": "Bearer sk-shop"}
PAGE = [
    "/chat.html",
    "/embed.html",
    "/embed.js",
    "/assets/js/main.js",
    "/assets/css/chat.css",
    "/assets/img/icon.svg",
]
ENDLESS: dict[str, Any] = {
    "model": "fake-vl",
    "stream": True,
    "messages": [{"role": "user", "content": "endless"}],
}


def test_the_page_and_its_api_ask_for_a_password(front: Front) -> None:
    for path in ("/chat.html", "/api/config"):
        assert requests.get(front.url + path, timeout=5).status_code == 401
        assert requests.get(front.url + path, auth=("agent", "wrong"), timeout=5).status_code == 401
        assert requests.get(front.url + path, auth=PERSON, timeout=5).status_code == 200


def test_the_staffs_page_is_sent_to_staff_with_the_pages_headers(tmp_path: Path) -> None:
    with running_front(tmp_path, STAFF_USERS="agent") as front:
        answer = requests.get(front.url + "/desk.html", auth=PERSON, timeout=5)
        assert without_digest(answer.text) == (ROOT / "frontend/desk.html").read_text()
        chat = requests.get(front.url + "/chat.html", auth=PERSON, timeout=5)
        for name in ("content-security-policy", "cache-control", "referrer-policy"):
            assert answer.headers[name] == chat.headers[name], name
        hidden = requests.get(front.url + "/_pages/desk.html", auth=PERSON, timeout=5)
        assert hidden.status_code == 404
        assert requests.get(front.url + "/desk.html", timeout=5).status_code == 401
    (tmp_path / "others").mkdir()
    with running_front(tmp_path / "others", STAFF_USERS="boss") as front:
        refused = requests.get(front.url + "/desk.html", auth=PERSON, timeout=5)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "staff_only")


def test_a_wrong_password_counts_against_the_address_and_none_at_all_does_not(
    tmp_path: Path,
) -> None:
    def ask(auth: tuple[str, str] | None, path: str = "/chat.html") -> requests.Response:
        return requests.get(front.url + path, auth=auth, timeout=5)

    with running_front(tmp_path, RATE_LIMIT_IP="3/minute") as front:
        for path in ("/chat.html", "/api/config"):
            asked = [ask(None, path) for _ in range(5)]
            assert {answer.status_code for answer in asked} == {401}
            assert asked[0].json()["error"]["code"] == "invalid_api_key"
        for path in ("/chat.html", "/api/config", "/chat.html"):
            failed = ask(("agent", "wrong"), path)
            assert (failed.status_code, failed.json()["error"]["code"]) == (401, "invalid_api_key")
            assert failed.headers["www-authenticate"] == 'Basic realm="SightDesk"'
        sent = requests.post(
            front.url + "/api/chat", json={"messages": []}, auth=("nobody", "desk"), timeout=5
        )
        assert (sent.status_code, sent.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(sent.headers["retry-after"]) > 0
        assert ask(PERSON).status_code == 200
        assert ask(None).status_code == 401


def test_the_redirect_names_no_port_because_another_one_is_published(front: Front) -> None:
    answer = requests.get(front.url + "/", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["location"]) == (302, "/chat.html")


@pytest.mark.parametrize("path", ["/chat.html", "/nope", "/assets/js/main.js", "/v1/models"])
def test_every_answer_carries_the_callers_request_id(front: Front, path: str) -> None:
    answer = requests.get(front.url + path, headers={"x-request-id": "mine-7"}, timeout=5)
    assert answer.headers["x-request-id"] == "mine-7"


ASSET = b"/assets/js/main.js"
LINGERING = b"Host: localhost\r\nConnection: close\r\n"
# What nginx refuses by itself: the request, status, code and details.
REFUSED: dict[str, tuple[bytes, int, str, dict[str, Any]]] = {
    "no request": (b"nonsense\r\n\r\n", 400, "invalid_request", {}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "invalid_request", {}),
    "two lengths": (b"POST /v1/files HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + LINGERING + b"\r\n", 400,
                    "invalid_request", {}),
    "a long address": (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + LINGERING + b"\r\n", 400,
                       "invalid_request", {}),
    "a long header": (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 40_000 + b"\r\n" + LINGERING + b"\r\n",
                      400, "invalid_request", {}),
    "no credentials": (b"GET /chat.html HTTP/1.1\r\n" + LINGERING + b"\r\n", 401, "invalid_api_key",
                       {}),
    "nothing there": (b"GET /nope HTTP/1.1\r\n" + LINGERING + b"\r\n", 404, "not_found", {}),
    "a wrong method": (b"POST " + ASSET + b" HTTP/1.1\r\nContent-Length: 0\r\n" + LINGERING + b"\r\n", 405, "method_not_allowed",
                       {"allowed": ["GET", "HEAD"]}),
    "a condition": (b"GET " + ASSET + b" HTTP/1.1\r\nIf-Match: \"other\"\r\n" + LINGERING + b"\r\n",
                    412, "invalid_request", {}),
    "a date": (b"GET " + ASSET + b" HTTP/1.1\r\nIf-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT\r\n" + LINGERING + b"\r\n", 412,
               "invalid_request", {}),
    "a large body": (b"POST /v1/files HTTP/1.1\r\nContent-Length: 1000001\r\n" + LINGERING + b"\r\n", 413, "body_too_large",
                     {"limit": 1_000_000, "size": 1_000_001}),
    "a large chunk": (b"POST /v1/files HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + LINGERING + b"\r\n" + b"f4241\r\n" + b"a" * 100, 413,
                      "body_too_large", {"limit": 1_000_000, "size": None}),
    "a range": (b"GET " + ASSET + b" HTTP/1.1\r\nRange: bytes=9999999-\r\n" + LINGERING + b"\r\n",
                416, "invalid_request",
                {"name": "range"}),
    "a transfer coding": (b"POST /v1/files HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" + LINGERING + b"\r\n", 501, "invalid_request",
                          {"name": "transfer-encoding", "accepted": ["chunked"]}),
    "a version": (b"GET / HTTP/3.7\r\n" + LINGERING + b"\r\n", 505, "invalid_request",
                  {"accepted": ["HTTP/1.0", "HTTP/1.1", "HTTP/2"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_nginxs_own_refusals_are_in_the_contracts_words(front: Front, name: str) -> None:
    sent, status, code, details = REFUSED[name]
    where = urlsplit(front.url)
    came = b""
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=10) as wire:
        wire.sendall(sent)
        while more := wire.recv(65536):
            came += more
    head, _, body = came.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), came[:300]
    assert b"content-type: application/json" in head.lower()
    assert b"x-request-id: " in head.lower()
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code", "details"}
    assert (error["code"], error["details"]) == (code, details)


def test_every_status_that_nginx_may_refuse_with_has_a_body_of_ours() -> None:
    snippet = (ROOT / "nginx/snippets/errors.conf").read_text()
    pages = re.findall(r"^error_page ([\d ]+?)(?: =\d*)? (\S+);", snippet, re.MULTILINE)
    statuses = {int(status) for named, _ in pages for status in named.split()}
    assert statuses >= {
        400,
        401,
        403,
        404,
        405,
        408,
        411,
        412,
        413,
        414,
        416,
        494,
        495,
        496,
        497,
        *range(500, 506),
    }
    for _, page in pages:
        if page.endswith(".json"):
            error = json.loads((ROOT / "nginx/errors" / page.rpartition("/")[2]).read_text())[
                "error"
            ]
            assert set(error) == {"message", "type", "param", "code", "details"}, page


def test_head_of_the_health_routes_is_answered(front: Front) -> None:
    for path in ("/healthz", "/readyz"):
        answer = requests.head(front.url + path, timeout=5)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "origin",
    ["https://crm.example.com", "http://localhost:9000", "http://10.0.0.5", "http://[::1]:80"],
)
def test_a_page_that_may_call_learns_so_without_a_password_and_reads_every_error(
    front: Front, origin: str
) -> None:
    asks = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    for path in ("/api/chat", "/api/config", "/v1/chat/completions"):
        told = requests.options(front.url + path, headers={**asks, "origin": origin}, timeout=5)
        assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, origin), (
            path
        )
    large = requests.post(
        front.url + "/v1/files", data=b"x" * 1_100_000, headers={"origin": origin}, timeout=5
    )
    assert (large.status_code, large.headers["access-control-allow-origin"]) == (413, origin)
    unknown = requests.get(front.url + "/api/config", headers={"origin": origin}, timeout=5)
    assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "https://crm.example.com.evil.example",
        "null",
    ],
)
def test_any_other_page_learns_nothing(front: Front, origin: str) -> None:
    asks = {"access-control-request-method": "POST", "origin": origin}
    refused = requests.options(front.url + "/api/chat", headers=asks, timeout=5)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "origin_not_allowed")
    for path in ("/api/config", "/nope"):
        answer = requests.get(front.url + path, headers={"origin": origin}, timeout=5)
        assert "access-control-allow-origin" not in answer.headers


def test_asking_whether_one_may_ask_opens_nothing_else(front: Front) -> None:
    assert requests.options(front.url + "/api/config", timeout=5).status_code == 405
    assert requests.options(front.url + "/api/config", auth=PERSON, timeout=5).status_code == 405
    assert requests.options(front.url + "/chat.html", timeout=5).status_code == 405


def test_who_is_not_allowed_to_connect_learns_nothing_of_passwords(tmp_path: Path) -> None:
    with running_front(
        tmp_path, {"ALLOWED_IPS": "10.9.9.0/24"}, ALLOWED_IPS="10.9.9.0/24"
    ) as front:
        for path in (
            "/chat.html",
            "/embed.html",
            "/assets/js/main.js",
            "/api/config",
            "/v1/models",
        ):
            for auth in (None, ("agent", "wrong"), PERSON):
                answer = requests.get(front.url + path, auth=auth, timeout=5)
                assert (answer.status_code, answer.json()["error"]["code"]) == (
                    403,
                    "ip_not_allowed",
                ), path
        for path in ("/healthz", "/readyz"):
            assert requests.get(front.url + path, timeout=5).status_code == 200


def test_a_proxy_before_nginx_is_believed_where_it_is_named_and_nowhere_else(
    front: Front, tmp_path: Path
) -> None:
    def cookie(url: str) -> str:
        told = {
            "x-forwarded-for": "10.1.2.3",
            "x-forwarded-proto": "https",
            "origin": "https://desk.example",
        }
        answer = requests.get(url + "/api/config", headers=told, auth=PERSON, timeout=5)
        return answer.headers["set-cookie"]

    assert "; Secure" not in cookie(front.url)
    networks = {"ALLOWED_IPS": "10.1.2.0/24,127.0.0.1"}
    with running_front(
        tmp_path, {"FRONT_PROXIES": "127.0.0.0/8", **networks}, **networks
    ) as behind:
        assert "; Secure" in cookie(behind.url)
        outside = {"x-forwarded-for": "10.1.2.3, 8.8.8.8"}
        answer = requests.get(behind.url + "/chat.html", headers=outside, auth=PERSON, timeout=5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ip_not_allowed")


def test_a_head_that_stops_is_cut_off(front: Front) -> None:
    where = urlsplit(front.url)
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=20) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
        assert wire.recv(1) == b""


@pytest.mark.parametrize(
    "path", ["/embed.html", "/embed.js", "/assets/js/main.js", "/assets/css/chat.css"]
)
def test_the_frame_and_the_assets_are_open(front: Front, path: str) -> None:
    assert requests.get(front.url + path, timeout=5).status_code == 200


@pytest.mark.parametrize("path", PAGE)
def test_the_policy_of_the_page_is_strict_and_the_gateway_has_the_same(
    front: Front, desk: Running, path: str
) -> None:
    here = requests.get(front.url + path, auth=PERSON, timeout=5).headers["content-security-policy"]
    there = requests.get(desk.url + path, timeout=5).headers["content-security-policy"]
    # Who may frame a page is a setting, and the last of it.
    assert {
        policy.partition("frame-ancestors ")[0] + "frame-ancestors " for policy in (here, there)
    } == {POLICY}
    directives = {name: sources for name, *sources in (one.split() for one in here.split(";"))}
    assert directives["default-src"] == directives["base-uri"] == ["'none'"]
    for name in (
        "script-src",
        "style-src",
        "connect-src",
        "form-action",
        "font-src",
        "manifest-src",
    ):
        assert directives[name] == ["'self'"], name
    assert set(directives["img-src"]) == {"'self'", "blob:", "data:"}
    assert not set(here.split()) & {
        "*",
        "'unsafe-inline'",
        "'unsafe-eval'",
        "'unsafe-hashes'",
        "http:",
        "https:",
    }


@pytest.mark.parametrize("name", ["chat.html", "desk.html"])
def test_the_page_has_nothing_inline(name: str) -> None:
    markup = (ROOT / "frontend" / name).read_text()
    assert not re.search(
        r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", markup, re.IGNORECASE
    )


def test_other_origins_may_frame_the_embedded_page_and_no_other(front: Front) -> None:
    def ancestors(path: str) -> str:
        policy = requests.get(front.url + path, auth=PERSON, timeout=5).headers[
            "content-security-policy"
        ]
        return policy.partition("frame-ancestors ")[2]

    assert "https://crm.example.com" in ancestors("/embed.html")
    for path in ("/chat.html", "/embed.js", "/assets/js/main.js", "/embed%2Ejs"):
        assert ancestors(path) == "'self'"


def test_a_bearer_request_is_the_gateways_to_judge(front: Front) -> None:
    assert requests.get(front.url + "/api/config", headers=KEY, timeout=5).status_code == 200
    wrong = requests.get(
        front.url + "/api/config", headers={"authorization": "Bearer nonsense"}, timeout=5
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")


def test_nobody_outside_can_name_a_user_the_secret_or_an_address(front: Front) -> None:
    forged = {
        "x-sightdesk-user": "agent",
        "x-sightdesk-proxy-secret": "between-us",
        "x-forwarded-for": "10.0.0.1",
        "forwarded": "for=10.0.0.1",
    }
    for path in ("/v1/models", "/api/config"):
        answer = requests.get(
            front.url + path, headers={**forged, "authorization": "Bearer nonsense"}, timeout=5
        )
        assert answer.status_code == 401
    assert requests.get(front.url + "/v1/models", headers=forged, timeout=5).status_code == 401
    assert (
        requests.get(front.url + "/v1/models", headers=forged, auth=PERSON, timeout=5).status_code
        == 401
    )
    # ALLOWED_IPS holds 127.0.0.0/8 alone: were the forged address believed, this would be refused.
    assert (
        requests.get(front.url + "/v1/models", headers={**forged, **KEY}, timeout=5).status_code
        == 200
    )


def test_events_pass_as_they_come_and_a_client_that_leaves_aborts_the_engine(front: Front) -> None:
    started = time.monotonic()
    with requests.post(
        front.url + "/v1/chat/completions", json=ENDLESS, headers=KEY, stream=True, timeout=20
    ) as answer:
        assert answer.headers["x-accel-buffering"] == "no"
        pieces = answer.iter_lines()
        arrived = [(time.monotonic() - started, next(pieces)) for _ in range(40)]
    # The engine takes 30 s for all; a proxy that waits for more would have none of these yet.
    assert arrived[0][0] < 5
    assert arrived[-1][0] - arrived[0][0] > 0.1
    deadline = time.time() + 5
    while (
        requests.get(front.engine.url + "/state", timeout=5).json()["running"]
        and time.time() < deadline
    ):
        time.sleep(0.05)
    assert requests.get(front.engine.url + "/state", timeout=5).json()["running"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/nope",
        "/chat",
        "/assets/",
        "/assets/../../.env",
        "/_errors/404.json",
        "/_errors/failed",
    ],
)
def test_what_is_not_published_is_not_found(front: Front, path: str) -> None:
    answer = requests.get(front.url + path, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_body_above_the_bound_is_refused_in_the_contracts_words(front: Front) -> None:
    answer = requests.post(
        front.url + "/v1/chat/completions", data=b"x" * 1_100_000, headers=KEY, timeout=5
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_a_signed_link_is_judged_by_the_gateway_without_a_password(front: Front) -> None:
    answer = requests.get(front.url + "/signed/files/forged-token", timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_token")
