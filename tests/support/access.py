"""The access table of the contract (section 3), and every kind of credential."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jwt
import requests

from gateway.auth.tokens import Signer
from tests.support.paths import SCREENS
from tests.support.servers import Running

SCREEN = SCREENS / "app-error.png"
SECRET, PROXY_SECRET = "embed-secret-of-the-tests", "between-us"
STAFF_KEY = "sk-tickets"  # of the access table's gateways
API, KEY, PAGE, PRIVATE, ANYONE = "api", "key", "page", "private", "anyone"
STAFF, LINK = "staff", "link"
# Told apart in x-ratelimit-limit-requests.
RATES = {"ip": 100_001, "user": 100_002, "key": 100_003, "api": 100_004}


class Row(NamedTuple):
    methods: str
    path: str  # {} is a part that the caller chooses, * whatever follows
    who: str
    charged: str | None  # the rate that a key is charged; an anonymous chat is charged "ip"


TABLE = (
    Row("POST", "/v1/chat/completions", API, "key"),
    Row("GET", "/v1/models", API, "api"),
    Row("GET", "/v1/models/{}", API, "api"),
    Row("POST GET", "/v1/files", API, "api"),
    Row("GET DELETE", "/v1/files/{}", API, "api"),
    Row("GET", "/v1/files/{}/content", API, "api"),
    Row("POST", "/v1/embed-tokens", KEY, "api"),
    Row("POST", "/api/chat", PAGE, "user"),
    Row("GET", "/api/chat/{}", PAGE, "api"),
    Row("POST", "/api/chat/{}/stop", PAGE, "api"),
    Row("GET", "/api/config", PAGE, "api"),
    Row("POST GET", "/api/files", PAGE, "api"),
    Row("GET DELETE", "/api/files/{}", PAGE, "api"),
    Row("GET", "/api/files/{}/content", PAGE, "api"),
    Row("GET", "/api/files/{}/preview", PAGE, "api"),
    Row("GET", "/api/files/{}/reading", PAGE, "api"),
    Row("GET", "/api/conversations", PAGE, "api"),
    Row("GET PATCH DELETE", "/api/conversations/{}", PAGE, "api"),
    Row("GET", "/api/conversations/{}/events", PAGE, "api"),
    Row("POST", "/api/feedback", PAGE, "api"),
    Row("POST", "/api/handoff", PAGE, "api"),
    Row("GET", "/api/actions/{}", PAGE, "api"),
    Row("POST", "/api/actions/{}/confirm", PAGE, "api"),
    Row("POST", "/api/actions/{}/cancel", PAGE, "api"),
    Row("GET", "/api/stats", PAGE, "api"),
    Row("GET", "/api/export", PAGE, "api"),
    # A key that is not staff is refused before it is counted.
    Row("POST GET", "/api/desk/corrections", STAFF, None),
    Row("DELETE", "/api/desk/corrections/{}", STAFF, None),
    Row("GET", "/api/desk/actions", STAFF, None),
    Row("GET", "/api/desk/actions/{}", STAFF, None),
    Row("POST", "/api/desk/actions/{}/confirm", STAFF, None),
    Row("POST", "/api/desk/actions/{}/reject", STAFF, None),
    Row("POST", "/api/desk/actions/{}/settle", STAFF, None),
    Row("GET", "/api/desk/audit", STAFF, None),
    Row("GET", "/api/desk/me", STAFF, None),
    Row("GET", "/api/desk/handoffs", STAFF, None),
    Row("GET", "/api/desk/handoffs/{}", STAFF, None),
    Row("POST", "/api/desk/handoffs/{}/draft", STAFF, None),
    Row("POST", "/api/desk/handoffs/{}/claim", STAFF, None),
    Row("POST", "/api/desk/handoffs/{}/messages", STAFF, None),
    Row("POST", "/api/desk/handoffs/{}/release", STAFF, None),
    Row("POST", "/api/desk/handoffs/{}/resolve", STAFF, None),
    Row("GET", "/api/desk/conversations", STAFF, None),
    Row("GET", "/api/desk/conversations/{}", STAFF, None),
    Row("GET", "/api/desk/conversations/{}/files/{}/content", STAFF, None),
    Row("GET", "/api/desk/conversations/{}/files/{}/preview", STAFF, None),
    Row("GET", "/api/desk/events", STAFF, None),
    Row("GET", "/api/desk/stats", STAFF, None),
    Row("GET", "/api/desk/export", STAFF, None),
    Row("GET", "/api/desk/export/card", STAFF, None),
    Row("DELETE", "/api/desk/users/{}", STAFF, None),
    Row("GET", "/api/desk/connectors", STAFF, None),
    Row("POST", "/api/desk/corrections/preview", STAFF, None),
    Row("GET", "/api/desk/answers", STAFF, None),
    Row("GET", "/api/desk/knowledge", STAFF, None),
    Row("GET", "/api/desk/knowledge/search", STAFF, None),
    Row("GET", "/api/desk/system", STAFF, None),
    Row("GET HEAD", "/desk.html", STAFF, None),
    Row("GET", "/signed/files/{}", LINK, None),
    Row("GET", "/healthz", ANYONE, None),
    Row("GET", "/readyz", ANYONE, None),
    Row("GET", "/metrics", PRIVATE, None),
    Row("GET", "/", ANYONE, None),
    Row("GET HEAD", "/chat.html", ANYONE, None),
    Row("GET HEAD", "/embed.html", ANYONE, None),
    Row("GET HEAD", "/embed.js", ANYONE, None),
    Row("GET", "/assets", ANYONE, None),
)
ROWS = {(method, row.path): row for row in TABLE for method in row.methods.split()}


def settings(**more: str) -> dict[str, str]:
    return {
        "ENGINE": "cpu",
        "READER_URL": "",
        "API_KEYS": "shop:sk-shop,other:sk-other",
        "EMBED_SECRET": SECRET,
        "PROXY_SECRET": PROXY_SECRET,
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "ALLOWED_IPS": "*",
        **{f"RATE_LIMIT_{scope.upper()}": f"{amount}/minute" for scope, amount in RATES.items()},
        **more,
    }


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def token(user: str = "li", ttl: int = 7200, secret: str = SECRET, issuer: str = "shop") -> str:
    return Signer(secret).sign_embed(issuer, user, "http://localhost:9000", ttl)[0]


def nginx(
    user: str = "admin", address: str = "10.1.2.3", secret: str = PROXY_SECRET
) -> dict[str, str]:
    return {
        "x-sightdesk-user": user,
        "x-sightdesk-proxy-secret": secret,
        "x-forwarded-for": address,
    }


UNSIGNED = jwt.encode(
    {"sub": "li", "aud": "embed", "origin": "http://a", "exp": 2**33}, "", algorithm="none"
)
LOCAL, NOBODY = (
    "anonymous",
    "nobody",
)  # who comes through where this machine needs no key, and nowhere

# name → (headers, who they are: a key, a staff key, a token, a user, a guest (a user who is no
# staff), LOCAL or NOBODY)
CREDENTIALS: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, LOCAL),
    "key": (bearer("sk-shop"), "key"),
    "key, lower-case scheme": ({"authorization": "bearer sk-shop"}, "key"),
    "key by a foreign name": ({**bearer("sk-shop"), "host": "desk.example"}, "key"),
    "key behind a proxy": ({**bearer("sk-shop"), "x-forwarded-for": "8.8.8.8"}, "key"),
    "staff key": (bearer(STAFF_KEY), "staff key"),
    "wrong key": (bearer("sk-wrong"), NOBODY),
    "empty key": (bearer(""), NOBODY),
    "key's name": (bearer("shop"), NOBODY),
    "key's digest": (bearer("c2b7f3ad8a2f8bd2"), NOBODY),
    "two keys in one": (bearer("sk-shop,sk-other"), NOBODY),
    "token": (bearer(token()), "token"),
    "expired token": (bearer(token(ttl=-1)), NOBODY),
    "foreign token": (bearer(token(secret="another")), NOBODY),
    "token of a key that is gone": (bearer(token(issuer="gone")), NOBODY),
    "token of no key": (bearer(token(issuer="")), NOBODY),
    "unsigned token": (bearer(UNSIGNED), NOBODY),
    "visitor cookie as token": (bearer(Signer(SECRET).sign_visitor("v")), NOBODY),
    "user by nginx": (nginx(), "user"),
    "user who is no staff": (nginx("guest"), "guest"),
    "user without secret": ({"x-sightdesk-user": "admin"}, LOCAL),
    "user with a wrong secret": (nginx(secret="guess"), NOBODY),
    "nobody by nginx": (nginx(user=""), NOBODY),
    "nobody by nginx, local": (nginx(user="", address="127.0.0.1"), NOBODY),
    "forged address": ({"x-forwarded-for": "127.0.0.1"}, NOBODY),
    "forged real ip": ({"x-real-ip": "127.0.0.1"}, NOBODY),
    "forwarded": ({"forwarded": "for=127.0.0.1"}, NOBODY),
    "through a tunnel": ({"cf-connecting-ip": "127.0.0.1"}, NOBODY),
    "via": ({"via": "1.1 proxy"}, NOBODY),
    "foreign host": ({"host": "evil.example"}, NOBODY),
    "foreign host that begins well": ({"host": "localhost.evil.example"}, NOBODY),
    "foreign host with user": ({"host": "localhost:x@evil.example"}, NOBODY),
    "public address as host": ({"host": "8.8.8.8"}, NOBODY),
    "local host by address": ({"host": "[::1]:8000"}, LOCAL),
}
# A foreign Host, or a proxy that nobody knows: no metrics, whoever asks.
HIDDEN = {name for name, (headers, _) in CREDENTIALS.items()
          if (name != "local host by address" and "host" in headers)
          or {"via", "forwarded", "x-real-ip", "cf-connecting-ip"} & set(headers)
          or ("x-forwarded-for" in headers and headers.get("x-sightdesk-proxy-secret") != PROXY_SECRET)}  # fmt: skip
MAY = {
    API: {"key", "staff key"},
    KEY: {"key", "staff key"},
    PAGE: {"key", "staff key", "token", "user", "guest"},
    STAFF: {"user", "staff key"},
    LINK: set(),  # the path itself must be signed
    PRIVATE: None,
    ANYONE: None,
}


def call(gateway: Running, method: str, path: str, headers: dict[str, str]) -> requests.Response:
    body: dict[str, Any] = {"json": {}} if method in ("POST", "PATCH") else {}
    answer = requests.request(
        method,
        gateway.url + path,
        headers=headers,
        timeout=20,
        allow_redirects=False,
        stream=True,
        **body,
    )
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        next(answer.iter_lines())  # it does not end by itself
        answer.close()
    if answer.status_code >= 400 and method not in (
        "HEAD",
        "TRACE",
    ):  # one shape on every route, whatever is wrong
        assert set(answer.json()) == {"error"}, answer.text
        assert set(answer.json()["error"]) == {"message", "type", "param", "code", "details"}, (
            answer.text
        )
        assert isinstance(answer.json()["error"]["details"], dict)
    return answer


def walked(routes: Any) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, also of included routers and mounts."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from walked(included.routes)
            continue
        for method in getattr(route, "methods", None) or {"GET"}:
            yield method, re.sub(r"\{[^}]*\}", "{}", route.path)
