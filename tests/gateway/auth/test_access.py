"""Who may call what: the table of the contract's section 3 as data, walked over every route that the application has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
import requests
from fastapi import FastAPI

from gateway.app import create_app
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.tokens import Signer
from gateway.settings import load_settings
from tests.support.paths import ROOT, SCREENS
from tests.support.servers import Running, running_gateway, wait_for

SCREEN = SCREENS / "app-error.png"
SECRET, PROXY_SECRET = "embed-secret-of-the-tests", "between-us"
API, KEY, PAGE, PRIVATE, ANYONE = "api", "key", "page", "private", "anyone"
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
    Row("POST", "/api/feedback", PAGE, "api"),
    Row("POST", "/api/handoff", PAGE, "api"),
    Row("GET", "/api/stats", PAGE, "api"),
    Row("GET", "/api/export", PAGE, "api"),
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
# In the contract, and not there yet.
NOT_BUILT = {("POST", "/api/actions/{}/confirm"), ("POST", "/api/actions/{}/cancel")}


def walked(routes: Any) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, also of included routers and mounts."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from walked(included.routes)
            continue
        for method in getattr(route, "methods", None) or {"GET"}:
            yield method, re.sub(r"\{[^}]*\}", "{}", route.path)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(
        load_settings(data_dir=tmp_path_factory.mktemp("app"), frontend_dir=ROOT / "frontend")
    )


@pytest.fixture(scope="module")
def calls(app: FastAPI) -> list[tuple[str, str, Row]]:
    """Every route as a call: method, a path that can be asked, its row."""
    return [
        (method, path.replace("{}", "file-of-nobody-0"), ROWS[method, path])
        for method, path in walked(app.routes)
    ]


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


@pytest.fixture(scope="module")
def closed(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As in production: nginx in front, nobody anonymous."""
    data = tmp_path_factory.mktemp("closed")
    with running_gateway(engine.url, data, **settings(ANONYMOUS_NETWORKS="")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def opened(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As in `make demo`: this machine needs no key."""
    with running_gateway(engine.url, tmp_path_factory.mktemp("open"), **settings()) as gateway:
        yield gateway


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def token(user: str = "li", ttl: int = 600, secret: str = SECRET, issuer: str = "shop") -> str:
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

# name → (headers, who they are: a key, a token, a user, LOCAL or NOBODY)
CREDENTIALS: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, LOCAL),
    "key": (bearer("sk-shop"), "key"),
    "key, lower-case scheme": ({"authorization": "bearer sk-shop"}, "key"),
    "key by a foreign name": ({**bearer("sk-shop"), "host": "desk.example"}, "key"),
    "key behind a proxy": ({**bearer("sk-shop"), "x-forwarded-for": "8.8.8.8"}, "key"),
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
MAY = {API: {"key"}, KEY: {"key"}, PAGE: {"key", "token", "user"}, PRIVATE: None, ANYONE: None}


def call(gateway: Running, method: str, path: str, headers: dict[str, str]) -> requests.Response:
    body = {"json": {}} if method in ("POST", "PATCH") else {}
    answer = requests.request(
        method, gateway.url + path, headers=headers, timeout=20, allow_redirects=False, **body
    )
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


def gets_in(row: Row, who: str, anonymous: bool) -> bool:
    allowed = MAY[row.who]
    if allowed is None:
        return True
    return who in allowed or (anonymous and who == LOCAL and row.who in (API, PAGE))


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("desk", ["closed", "opened"])
def test_every_route_lets_in_whom_the_table_says(
    desk: str, name: str, calls: list[tuple[str, str, Row]], request: pytest.FixtureRequest
) -> None:
    gateway = request.getfixturevalue(desk)
    headers, who = CREDENTIALS[name]
    for method, path, row in calls:
        answer = call(gateway, method, path, headers)
        where = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
        if row.who == PRIVATE:
            assert answer.status_code == (403 if name in HIDDEN else 200), where
        elif gets_in(row, who, anonymous=desk == "opened"):
            assert answer.status_code not in (401, 403, 429, 500), where
        else:
            assert answer.status_code == 401, where
            if method != "HEAD":
                assert answer.json()["error"]["code"] in ("invalid_api_key", "invalid_token"), where


def test_the_table_and_the_application_have_the_same_routes(app: FastAPI) -> None:
    routes = sorted(walked(app.routes))
    assert routes == sorted(ROWS)
    assert NOT_BUILT.isdisjoint(routes), "what is built belongs into the table"


async def test_a_route_that_nobody_thought_about_is_shut(tmp_path: Path) -> None:
    limits = {"rate_limit_ip": "100/minute"}
    app = create_app(
        load_settings(data_dir=tmp_path, api_keys="shop:sk-shop", embed_secret=SECRET, **limits)
    )

    async def careless(path: str) -> dict[str, str]:
        return {"let": "in"}

    for path in ("/v1/later/{path}", "/api/later/{path}", "/later/{path}"):
        app.add_api_route(path, careless)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in ("/v1/later/x", "/api/later/x", "/later/x"):
            for headers in ({}, bearer("sk-wrong"), bearer(""), nginx()):
                assert (await client.get(path, headers=headers)).status_code == 401, (path, headers)
            assert (await client.get(path, headers=bearer("sk-shop"))).json() == {"let": "in"}
        assert (await client.get("/later/x", headers=bearer(token()))).status_code == 401


async def test_an_upload_is_authenticated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(load_settings(data_dir=tmp_path, api_keys="shop:sk-shop", embed_secret=SECRET))
    looked_up, find = [], APIKeyStore.find
    monkeypatch.setattr(
        APIKeyStore, "find", lambda ring, shown: looked_up.append(shown) or find(ring, shown)
    )
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        files = {"file": ("a.png", SCREEN.read_bytes())}
        answer = await client.post("/v1/files", files=files, headers=bearer("sk-shop"), timeout=60)
    assert (answer.status_code, looked_up) == (200, ["sk-shop"])


def test_every_route_charges_what_the_table_says(
    opened: Running, calls: list[tuple[str, str, Row]]
) -> None:
    for method, path, row in calls:
        told = call(opened, method, path, bearer("sk-shop")).headers.get(
            "x-ratelimit-limit-requests"
        )
        assert told == (str(RATES[row.charged]) if row.charged else None), (method, path)


def test_an_anonymous_question_is_charged_to_the_address(opened: Running) -> None:
    told = call(opened, "POST", "/v1/chat/completions", {}).headers["x-ratelimit-limit-requests"]
    assert told == str(RATES["ip"])


def test_metrics_are_for_private_networks(closed: Running) -> None:
    ours = ("10.1.2.3", "172.16.0.9", "192.168.1.1", "127.0.0.1", "::1", "fd00::1", "fe80::1")
    others = (
        "8.8.8.8",
        "2606:4700::1111",
        "192.0.2.1",
        "203.0.113.5",
        "240.0.0.1",
        "0.0.0.0",
        "100.64.0.1",
        "2001:db8::1",
    )
    for address, status in (
        *((address, 200) for address in ours),
        *((address, 403) for address in others),
    ):
        assert call(closed, "GET", "/metrics", nginx(address=address)).status_code == status
    # nginx's word for the address counts only with its secret; without, there is a proxy that nobody knows.
    for forged in (
        {"x-forwarded-for": "10.1.2.3"},
        {"x-real-ip": "10.1.2.3"},
        {"via": "1.1 a"},
        nginx(secret="guess"),
    ):
        assert call(closed, "GET", "/metrics", forged).status_code == 403


KNOWN_HOSTS = (
    "localhost",
    "desk.localhost:8000",
    "127.0.0.1:8000",
    "[::1]:8000",
    "10.0.0.5",
    "gateway:8000",
    "crm.example.com",
)
FOREIGN_HOSTS = (
    "evil.example",
    "localhost.evil.example",
    "gateway.evil.example",
    "evil",
    "8.8.8.8",
    "a@localhost",
    "",
)


def test_a_page_that_rebinds_its_name_sees_no_metrics_and_no_details(
    engine: Running, tmp_path: Path
) -> None:
    more = {
        "ALLOWED_ORIGINS": "private,https://crm.example.com",
        "KNOWLEDGE_DIR": str(tmp_path / "clauses"),
    }
    with running_gateway(engine.url, tmp_path, **settings(**more)) as gateway:
        wait_for(gateway.url + "/readyz")
        for host in (*KNOWN_HOSTS, *FOREIGN_HOSTS):
            known = host in KNOWN_HOSTS
            answer = call(gateway, "GET", "/metrics", {"host": host})
            assert answer.status_code == (200 if known else 403), host
            ready = call(gateway, "GET", "/readyz", {"host": host})
            assert (str(tmp_path) in ready.text) is known, host
        assert (
            str(tmp_path)
            not in call(gateway, "GET", "/readyz", {"x-forwarded-for": "10.0.0.1"}).text
        )


def test_what_a_method_is_not_for_is_405_without_a_credential(
    closed: Running, calls: list[tuple[str, str, Row]]
) -> None:
    methods: dict[str, set[str]] = {}
    for method, path, _ in calls:
        methods.setdefault(path, set()).add(method)
    for path, known in methods.items():
        for method in {"PUT", "DELETE", "TRACE"} - known:
            if not path.startswith("/assets"):
                assert call(closed, method, path, {}).status_code == 405, (method, path)


def test_nobody_unknown_has_a_body_read(closed: Running) -> None:
    """A megabyte of form without a key is refused before it is stored, malformed JSON before it is parsed."""
    files = {"file": ("a.png", b"x" * 1_000_000)}
    for path in ("/v1/files", "/api/files"):
        assert requests.post(closed.url + path, files=files, timeout=20).status_code == 401
    headers = {"content-type": "application/json"}
    assert (
        requests.post(
            closed.url + "/v1/embed-tokens", data=b"{", headers=headers, timeout=5
        ).status_code
        == 401
    )


# -- owners -------------------------------------------------------------------------------------------------------------

OWNERS = {
    "key": bearer("sk-other"),
    "token": bearer(token("li")),
    "another token": bearer(token("wang")),
    "user": nginx("admin"),
    "another user": nginx("wang"),
}


@pytest.fixture(scope="module")
def file_of_shop(closed: Running) -> str:
    png = SCREEN.read_bytes()
    made = requests.post(
        closed.url + "/v1/files",
        files={"file": ("a.png", png)},
        headers=bearer("sk-shop"),
        timeout=30,
    )
    return str(made.json()["id"])


@pytest.mark.parametrize("name", OWNERS)
def test_a_file_of_another_owner_is_not_there(
    closed: Running, file_of_shop: str, name: str
) -> None:
    prefixes = ("/v1", "/api") if name == "key" else ("/api",)
    for prefix in prefixes:
        tails = [("GET", ""), ("GET", "/content"), ("DELETE", "")]
        if prefix == "/api":
            tails += [("GET", "/reading"), ("GET", "/preview"), ("GET", "/preview?page=1")]
        for method, tail in tails:
            answer = call(closed, method, f"{prefix}/files/{file_of_shop}{tail}", OWNERS[name])
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    assert call(closed, "GET", "/api/files", OWNERS[name]).json()["data"] == []
    part = {"type": "file", "file": {"file_id": file_of_shop}}
    question = {
        "model": "fake-vl",
        "stream": False,
        "messages": [{"role": "user", "content": [part]}],
    }
    answer = requests.post(
        closed.url + "/api/chat", json=question, headers=OWNERS[name], timeout=20
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    assert call(closed, "GET", f"/v1/files/{file_of_shop}", bearer("sk-shop")).status_code == 200


@pytest.mark.parametrize("name", OWNERS)
def test_an_answer_of_another_owner_is_not_there(closed: Running, name: str) -> None:
    question = {"model": "fake-vl", "messages": [{"role": "user", "content": "endless"}]}
    with requests.post(
        closed.url + "/api/chat",
        json={**question, "model": "sightdesk"},
        headers=bearer("sk-shop"),
        stream=True,
        timeout=20,
    ) as stream:
        answer_id = re.search(rb'"answer":\{"id":"([^"]+)"', next(stream.iter_content(4096)))
        assert answer_id
        path = f"/api/chat/{answer_id[1].decode()}"
        for method, tail in (("GET", ""), ("POST", "/stop")):
            answer = call(closed, method, path + tail, OWNERS[name])
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert call(closed, "POST", path + "/stop", bearer("sk-shop")).status_code == 204


def test_a_user_of_one_keys_tokens_is_not_the_user_of_anothers(closed: Running) -> None:
    """Whoever holds the key `other` may name a user `li`, and has nothing of shop's `li` by that."""
    shops, others = bearer(token("li")), bearer(token("li", issuer="other"))
    files = {"file": ("a.png", SCREEN.read_bytes())}
    stored = requests.post(
        closed.url + "/api/files", files=files, headers=shops, timeout=30
    ).json()["id"]
    assert call(closed, "GET", f"/api/files/{stored}", shops).status_code == 200
    assert call(closed, "GET", f"/api/files/{stored}", others).status_code == 404
    wanted = {"user": "li", "origin": "http://localhost:9000", "ttl": 60}
    made = requests.post(
        closed.url + "/v1/embed-tokens", json=wanted, headers=bearer("sk-other"), timeout=5
    ).json()
    assert call(closed, "GET", f"/api/files/{stored}", bearer(made["token"])).status_code == 404


def test_two_visitors_behind_one_name_are_two_owners(closed: Running) -> None:
    one, two = requests.Session(), requests.Session()
    for visitor in (one, two):
        visitor.headers.update(nginx())
        visitor.get(closed.url + "/api/config", timeout=5)
    assert one.cookies["sightdesk_visitor"] != two.cookies["sightdesk_visitor"]
    raw = SCREEN.read_bytes()
    stored = one.post(closed.url + "/api/files", files={"file": ("a.png", raw)}, timeout=20).json()[
        "id"
    ]
    assert one.get(f"{closed.url}/api/files/{stored}", timeout=5).status_code == 200
    assert two.get(f"{closed.url}/api/files/{stored}", timeout=5).status_code == 404
    # The cookie of one person is worth nothing under another's name, nor where it was made up.
    stolen = {**nginx("wang"), "cookie": f"sightdesk_visitor={one.cookies['sightdesk_visitor']}"}
    assert call(closed, "GET", f"/api/files/{stored}", stolen).status_code == 404
    forged = {**nginx(), "cookie": f"sightdesk_visitor={Signer('guess').sign_visitor('x')}"}
    assert "set-cookie" in call(closed, "GET", "/api/config", forged).headers


@pytest.mark.parametrize(
    ("scheme", "secure"), [("https", True), ("http", False), ("", False), ("https,http", False)]
)
def test_a_visitors_cookie_stays_on_tls_where_it_was_given_by_tls(
    closed: Running, scheme: str, secure: bool
) -> None:
    cookie = call(closed, "GET", "/api/config", {**nginx(), "x-forwarded-proto": scheme}).headers[
        "set-cookie"
    ]
    assert ("; Secure" in cookie) is secure
    assert "; HttpOnly; SameSite=Lax" in cookie


def test_the_right_secret_from_a_peer_that_is_no_proxy_is_worth_nothing(
    engine: Running, tmp_path: Path
) -> None:
    more = {"TRUSTED_PROXIES": "10.9.9.0/24", "ANONYMOUS_NETWORKS": ""}
    with running_gateway(engine.url, tmp_path, **settings(**more)) as gateway:
        assert call(gateway, "GET", "/api/config", nginx()).status_code == 401
        assert call(gateway, "GET", "/metrics", nginx(address="10.1.2.3")).status_code == 403


# -- how often ----------------------------------------------------------------------------------------------------------


def test_failed_authentication_counts_against_the_address_whatever_it_tried(
    engine: Running, tmp_path: Path
) -> None:
    limits = {"RATE_LIMIT_IP": "6/minute", "ANONYMOUS_NETWORKS": ""}
    with running_gateway(engine.url, tmp_path, **settings(**limits)) as gateway:
        tries = [
            ("GET", "/v1/models", bearer("sk-wrong")),
            ("GET", "/api/config", bearer(token(ttl=-1))),
            ("GET", "/api/config", {}),
            ("POST", "/v1/embed-tokens", bearer(token())),
            ("POST", "/v1/files", {}),
            ("POST", "/api/chat", nginx(secret="guess")),
        ]
        assert [call(gateway, *attempt).status_code for attempt in tries] == [401] * 6
        refused = call(gateway, "GET", "/v1/models", bearer("sk-guess"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            429,
            "rate_limit_exceeded",
        )
        assert (
            call(gateway, "GET", "/v1/models", bearer("sk-shop")).status_code == 200
        )  # whoever has a key is not locked out
        from_elsewhere = {**nginx(user="", address="10.9.9.9"), **bearer("sk-wrong")}
        assert call(gateway, "GET", "/v1/models", from_elsewhere).status_code == 401


def test_a_visitor_who_drops_the_cookie_wins_no_new_allowance(
    engine: Running, tmp_path: Path, calls: list[tuple[str, str, Row]]
) -> None:
    limits = {"RATE_LIMIT_API": "4/minute", "RATE_LIMIT_USER": "2/minute"}
    with running_gateway(engine.url, tmp_path, **settings(**limits)) as gateway:
        assert [call(gateway, "GET", "/api/config", {}).status_code for _ in range(5)] == [
            200
        ] * 4 + [429]
        assert [call(gateway, "POST", "/api/chat", {}).status_code for _ in range(3)] == [
            400
        ] * 2 + [429]
        for method, path, row in calls:
            if row.who == PAGE:
                assert call(gateway, method, path, {}).status_code == 429, (method, path)


def test_a_body_that_is_refused_is_charged_too(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **settings(RATE_LIMIT_API="3/minute")) as gateway:
        asked = [
            call(gateway, "POST", "/v1/embed-tokens", bearer("sk-shop")).status_code
            for _ in range(4)
        ]
        assert asked == [400] * 3 + [429]
