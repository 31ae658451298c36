"""The access table of the contract, checked for every route of the application."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from fastapi import FastAPI

from gateway.app import create_app
from gateway.auth.api_keys import APIKeyStore
from gateway.settings import load_settings
from tests.support.access import (
    API,
    CREDENTIALS,
    HIDDEN,
    LOCAL,
    MAY,
    PAGE,
    PRIVATE,
    RATES,
    ROWS,
    SCREEN,
    SECRET,
    STAFF,
    Row,
    bearer,
    call,
    nginx,
    settings,
    token,
    walked,
)
from tests.support.servers import Running, running_gateway, wait_for


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
        elif row.who == STAFF and gets_in(row._replace(who=PAGE), who, anonymous=desk == "opened"):
            assert answer.status_code == 403, where
            if method != "HEAD":
                assert answer.json()["error"]["code"] == "staff_only", where
        else:
            assert answer.status_code == 401, where
            if method != "HEAD":
                assert answer.json()["error"]["code"] in ("invalid_api_key", "invalid_token"), where


def test_the_table_and_the_application_have_the_same_routes(app: FastAPI) -> None:
    routes = sorted(walked(app.routes))
    assert routes == sorted(ROWS)


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

    def counted(store: APIKeyStore, shown: str) -> Any:
        looked_up.append(shown)
        return find(store, shown)

    monkeypatch.setattr(APIKeyStore, "find", counted)
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
    # The address that nginx sends counts only with nginx's secret.
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
        # `…/corrections/preview` is also a value of the part that `…/corrections/{}` leaves open.
        also = {row[0] for row in ROWS if re.fullmatch(row[1].replace("{}", "[^/]+"), path)}
        for method in {"PUT", "DELETE", "TRACE"} - known - also:
            if not path.startswith("/assets"):
                assert call(closed, method, path, {}).status_code == 405, (method, path)


def test_nobody_unknown_has_a_body_read(closed: Running) -> None:
    """Without a key, a form of 1 MB is refused before it is stored, and bad JSON unparsed."""
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


def test_a_page_on_another_private_address_does_not_act_as_staff(closed: Running) -> None:
    def claimed(headers: dict[str, str], origin: str) -> tuple[int, str]:
        url = closed.url + "/api/desk/handoffs/none/claim"
        answer = requests.post(url, headers={**headers, "origin": origin}, timeout=20)
        return answer.status_code, answer.json()["error"]["code"]

    for origin in ("http://10.9.9.9", "http://localhost:9000"):
        assert claimed(nginx(), origin) == (403, "origin_not_allowed")
        # A key is sent by a program or page that knows it, and by no browser of itself.
        assert claimed(bearer("sk-shop"), origin) == (403, "staff_only")
    assert claimed(nginx(), closed.url) == (404, "not_found")
