"""Attacks on single sign-on through real nginx, and what a session sees while parts are down."""

import sqlite3
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from gateway.auth.tokens import SignedIn, Signer
from tests.support.servers import Running
from tests.support.single_sign_on import (
    Browser,
    Desk,
    running_desk_with_provider,
    running_provider,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}
PERSON = ("agent", "desk")


@pytest.fixture(scope="module")
def provider() -> Iterator[Running]:
    with running_provider() as served:
        yield served


@pytest.fixture(scope="module")
def desk(provider: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_desk_with_provider(tmp_path_factory.mktemp("sso"), provider) as served:
        yield served


@pytest.fixture
def browser(desk: Desk) -> Browser:
    desk.control(reset=True)
    return Browser(desk.url)


def code_of(answer: requests.Response) -> str:
    code: str = answer.json()["error"]["code"]
    return code


def check_told_to_come_back(answer: requests.Response) -> None:
    assert (answer.status_code, code_of(answer)) == (503, "upstream_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["error"]["details"] == {"retry_after": 5}


def test_while_the_gateway_is_down_a_session_is_told_to_come_back(
    provider: Running, tmp_path: Path
) -> None:
    with running_desk_with_provider(tmp_path, provider) as desk:
        desk.control(reset=True)
        browser = Browser(desk.url)
        browser.sign_in("li")
        desk.front.gateway.process.kill()
        desk.front.gateway.process.wait(10)
        for path in ("/chat.html", "/api/config"):
            check_told_to_come_back(browser.get(path))


def test_while_the_database_fails_known_sessions_go_on_and_others_come_back_later(
    provider: Running, tmp_path: Path
) -> None:
    secret = "between the gateways"
    with running_desk_with_provider(tmp_path, provider, EMBED_SECRET=secret) as desk:
        desk.control(reset=True)
        browser = Browser(desk.url)
        browser.sign_in("li")
        database = next(tmp_path.rglob("sightdesk.db"))
        with sqlite3.connect(database) as connection:
            connection.execute("DROP TABLE sessions")
        assert browser.get("/api/config").status_code == 200
        elsewhere = Signer(secret).sign_session(SignedIn("elsewhere", "li", False), 60)
        cookie = {"cookie": f"sightdesk_session={elsewhere}"}
        check_told_to_come_back(Browser(desk.url).get("/api/config", headers=cookie))


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT"])
def test_no_method_guesses_at_a_password_past_the_count(
    desk: Desk, browser: Browser, method: str
) -> None:
    for password in ("wrong", "desk"):
        asked = browser.http.request(
            method, desk.url + "/password", auth=("agent", password), timeout=10
        )
        assert asked.status_code == 405


def twice(desk: Desk, header: str, **more: str) -> int:
    """The status of the chat page for a request that has `header` twice."""
    connection = HTTPConnection(urlsplit(desk.url).netloc, timeout=10)
    connection.putrequest("GET", "/chat.html")
    for name, value in (*more.items(), (header, "a"), (header, "b")):
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("header", ["Content-Type", "Content-Encoding", "Origin"])
def test_headers_that_the_gateway_refuses_hide_no_wrong_password(
    desk: Desk, browser: Browser, header: str
) -> None:
    assert twice(desk, header, Authorization="Basic YWdlbnQ6d3Jvbmc=") == 401  # agent:wrong
    browser.sign_in("li")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    assert twice(desk, header, Cookie=cookie) == 200


def test_false_logout_tokens_count_against_their_address(provider: Running, tmp_path: Path) -> None:
    with running_desk_with_provider(tmp_path, provider, RATE_LIMIT_IP="3/minute") as desk:
        desk.control(reset=True)
        address = desk.url + "/auth/backchannel-logout"
        bodies = ["logout_token=a.b.c", "&".join(["logout_token=a"] * 50), "", "nonsense"]
        statuses = [
            requests.post(address, data=body, headers=FORM, timeout=10).status_code
            for body in bodies
        ]
        assert statuses == [400, 400, 400, 429]
        browser = Browser(desk.url)
        assert browser.sign_in("li").status_code == 303  # nobody else is held up
        assert browser.get("/chat.html", auth=PERSON).status_code == 200
        assert desk.logout_by_provider(claims={"sub": "li"}) == 200


@pytest.mark.parametrize("name", ["li ", " li", "\u3000li", " "])
def test_a_name_with_spaces_around_it_signs_nobody_in(
    desk: Desk, browser: Browser, name: str
) -> None:
    desk.control(forge={"claims": {"preferred_username": name}})
    assert browser.sign_in("li").status_code == 502


@pytest.mark.parametrize("name", ["%0d%0aX-A=b", "Zoë", "\U0001f600" * 200, "a,b;c=d", "%", '"'])
def test_any_other_name_reaches_the_gateway_as_it_is(
    desk: Desk, browser: Browser, name: str
) -> None:
    groups = {"preferred_username": name, "groups": ["support"]}
    desk.control(forge={"claims": groups})
    browser.sign_in("li")
    assert browser.get("/api/desk/me").json()["name"] == name


@pytest.mark.parametrize(
    "path",
    ["/auth//check", "/auth/%63heck", "/auth/./check", "/auth/x/../check", "/auth/check/",
     "/_session", "/_errors/unavailable", "/_errors/internal", "/_errors/no_gateway"],
)  # fmt: skip
def test_what_nginx_asks_the_gateway_is_not_reachable(browser: Browser, path: str) -> None:
    browser.sign_in("li")
    connection = HTTPConnection(urlsplit(browser.url).netloc, timeout=10)
    connection.request("GET", path)  # as it is: requests would tidy it up
    assert connection.getresponse().status == 404
    connection.close()


def test_a_link_of_another_site_does_not_sign_a_person_out(browser: Browser) -> None:
    browser.sign_in("li")
    assert browser.get("/auth/logout").status_code == 405
    assert browser.get("/api/config").status_code == 200


def test_behind_a_proxy_that_ends_tls_cookies_are_secure_and_bound_to_the_host(
    provider: Running, tmp_path: Path
) -> None:
    fronted = {"FRONT_PROXIES": "127.0.0.1"}
    with running_desk_with_provider(tmp_path, provider, fronted) as desk:
        desk.control(reset=True)
        browser = Browser(desk.url)
        browser.http.headers["x-forwarded-proto"] = "https"
        sent = browser.get("/auth/login")
        back = browser.agree(sent.headers["location"], "li").replace("https:", "http:", 1)
        # The browser of this test speaks HTTP, so it does not send Secure cookies by itself.
        begun = sent.headers["set-cookie"].partition(";")[0]
        signed_in = browser.http.get(
            back, headers={"cookie": begun}, timeout=10, allow_redirects=False
        )
        session = signed_in.headers["set-cookie"].rpartition("__Host-sightdesk_session=")[2]
        assert session.endswith("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure")
        value = session.partition(";")[0]
        for name, status in (("__Host-sightdesk_session", 200), ("sightdesk_session", 401)):
            cookie = {"cookie": f"{name}={value}"}
            assert browser.get("/api/config", headers=cookie).status_code == status, name


def test_nobody_else_says_that_a_request_came_by_tls(browser: Browser) -> None:
    sent = browser.get("/auth/login", headers={"x-forwarded-proto": "https"})
    assert sent.headers["set-cookie"].startswith("sightdesk_begun_")
    assert "Secure" not in sent.headers["set-cookie"]
