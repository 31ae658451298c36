"""Single sign-on through real nginx, with a real provider process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.nginx import running_front
from tests.support.servers import Running, free_port, wait_until
from tests.support.single_sign_on import (
    Browser,
    Desk,
    running_desk_with_provider,
    running_provider,
    settings_for,
)

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


def test_a_person_signs_in_and_gets_the_page_and_its_api(browser: Browser) -> None:
    assert (browser.get("/api/config").status_code, browser.get("/").status_code) == (401, 302)
    signed_in = browser.sign_in("li")
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/chat.html")
    assert browser.get("/chat.html").status_code == 200
    assert browser.get("/api/config").json()["sign_out"] == "/auth/logout"
    assert signed_in.headers["cache-control"] == "no-store"


def test_the_sessions_cookie_is_for_no_script_and_no_other_site(browser: Browser) -> None:
    signed_in = browser.sign_in("li")
    cookies = signed_in.headers["set-cookie"]
    session = cookies[cookies.index("sightdesk_session=") :]
    assert "Path=/; Max-Age=28800; HttpOnly; SameSite=Lax" in session
    forged = browser.http.cookies.get("sightdesk_session")
    assert forged is not None
    assert "li" not in forged  # it is signed, not plain


def test_members_of_a_staff_group_are_staff_and_nobody_else_is(browser: Browser) -> None:
    browser.sign_in("wang", "/desk.html")
    assert browser.get("/desk.html").status_code == 200
    assert browser.get("/api/desk/me").json() == {"name": "王芳", "sign_out": "/auth/logout"}


@pytest.mark.parametrize("user", ["li", "admin"])
def test_others_are_refused_even_under_the_name_of_staff_with_a_password(
    browser: Browser, user: str
) -> None:
    assert browser.sign_in(user, "/desk.html").headers["location"] == "/desk.html"
    for path in ("/desk.html", "/api/desk/me"):
        refused = browser.get(path)
        assert (refused.status_code, code_of(refused)) == (403, "staff_only")
    assert browser.get("/chat.html").status_code == 200


def test_a_password_works_beside_it_and_is_asked_for_at_one_address(browser: Browser) -> None:
    assert browser.get("/chat.html", auth=PERSON).status_code == 200
    assert browser.get("/api/desk/me", auth=PERSON).json()["name"] == "agent"
    assert browser.get("/api/config", auth=PERSON).json()["sign_out"] is None
    asked = browser.get("/password")
    assert (asked.status_code, asked.headers["www-authenticate"]) == (
        401,
        'Basic realm="SightDesk"',
    )
    let_in = browser.get("/password", auth=PERSON)
    assert (let_in.status_code, let_in.headers["location"]) == (302, "/chat.html")
    assert browser.get("/password", auth=("agent", "wrong")).status_code == 401
    assert "www-authenticate" not in browser.get("/api/config").headers


def test_a_wrong_password_does_not_fall_back_to_the_session(browser: Browser) -> None:
    browser.sign_in("li")
    assert browser.get("/api/config", auth=("agent", "wrong")).status_code == 401


def test_nobody_outside_can_say_who_has_signed_in(browser: Browser) -> None:
    forged = {"x-sightdesk-user": "agent", "x-sightdesk-sign-in": "sso-staff"}
    assert browser.get("/api/desk/me", headers=forged).status_code == 401
    assert browser.get("/auth/check").status_code == 404
    browser.sign_in("li")
    assert browser.get("/api/desk/me", headers=forged).status_code == 403
    assert browser.get("/api/desk/me", headers=forged, auth=PERSON).json()["name"] == "agent"


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/chat.html@evil.example",
     "javascript:alert(1)", "/api/config", ""],
)  # fmt: skip
def test_a_sign_in_leads_to_a_page_of_the_desk_whatever_was_asked(
    browser: Browser, wanted: str
) -> None:
    sent = browser.get("/auth/login", params={"next": wanted})
    back = browser.finish(browser.agree(sent.headers["location"], "li"))
    assert (back.status_code, back.headers["location"]) == (303, "/chat.html")


def test_a_sign_in_that_another_browser_began_is_refused(desk: Desk, browser: Browser) -> None:
    attackers = Browser(desk.url)
    back = attackers.agree(attackers.begin(), "li")
    refused = browser.finish(back)
    assert refused.status_code == 400
    assert "began in another browser" in refused.text
    assert "sightdesk_session" not in browser.http.cookies
    assert browser.get("/api/config").status_code == 401


def test_two_tabs_sign_in_at_once(browser: Browser) -> None:
    one, two = browser.begin(), browser.begin("/desk.html")
    assert browser.finish(browser.agree(one, "li")).headers["location"] == "/chat.html"
    assert browser.finish(browser.agree(two, "li")).headers["location"] == "/desk.html"


def test_a_code_works_once_and_a_second_time_shows_the_page_of_the_session(
    browser: Browser,
) -> None:
    back = browser.agree(browser.begin(), "li")
    assert browser.finish(back).status_code == 303
    assert browser.finish(back).headers["location"] == "/chat.html"  # its cookie is gone
    browser.http.cookies.clear()
    assert browser.finish(back).status_code == 400


def test_the_provider_may_refuse_a_person(browser: Browser) -> None:
    address = browser.begin()
    denied = requests.post(address, data={"action": "deny"}, timeout=10, allow_redirects=False)
    query = address.partition("?")[2]
    state = next(part for part in query.split("&") if part.startswith("state="))
    back = f"{denied.headers['location']}&{state}"
    refused = browser.finish(back)
    assert refused.status_code == 403
    assert "did not sign you in" in refused.text
    assert 'href="/password"' in refused.text


FORGED: dict[str, dict[str, Any]] = {
    "no signature": {"key": "none"},
    "a shared secret": {"key": "public"},
    "a stranger's key": {"key": "stranger"},
    "a stranger's key by its own name": {"key": "stranger", "header": {"kid": "stranger"}},
    "a damaged signature": {"key": "damaged"},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "another-desk"}},
    "an audience beside another, for the other": {
        "claims": {"aud": ["sightdesk", "another-desk"], "azp": "another-desk"}
    },
    "another nonce": {"claims": {"nonce": "replayed"}},
    "no nonce": {"drop": ["nonce"]},
    "no expiry": {"drop": ["exp"]},
    "no issue time": {"drop": ["iat"]},
    "no subject": {"drop": ["sub"]},
    "an empty subject": {"claims": {"sub": ""}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "issued tomorrow": {"claims": {"iat": 4_000_000_000, "exp": 4_000_000_600}},
    "another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "an unknown critical header": {"header": {"crit": ["exp"], "exp": 1}},
    "no token at all": {"raw": "nonsense"},
    "empty parts": {"raw": ".."},
    "a name with a colon": {"claims": {"preferred_username": "a:b"}},
    "a name of another kind": {"claims": {"preferred_username": ["li"]}},
    "a name with a line break": {"claims": {"preferred_username": "li\nx"}},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_signs_nobody_in(desk: Desk, browser: Browser, name: str) -> None:
    desk.control(forge=FORGED[name])
    refused = browser.sign_in("li")
    assert refused.status_code == 502, refused.headers
    assert "could not be verified" in refused.text
    assert browser.get("/api/config").status_code == 401


@pytest.mark.parametrize(("seconds", "works"), [(-45, True), (45, True), (120, False)])
def test_the_providers_clock_may_be_a_minute_off(
    desk: Desk, browser: Browser, seconds: int, works: bool
) -> None:
    desk.control(clock=seconds)
    assert browser.sign_in("li").status_code == (303 if works else 502)


def test_a_token_that_has_just_expired_counts_within_the_minute(
    desk: Desk, browser: Browser
) -> None:
    desk.control(clock=-3600 - 45)  # the provider's tokens are valid for an hour
    assert browser.sign_in("li").status_code == 303
    desk.control(clock=-3600 - 75)
    assert Browser(desk.url).sign_in("li").status_code == 502


def test_new_keys_of_the_provider_are_fetched_once_and_forgeries_do_not_fetch_without_end(
    provider: Running, tmp_path: Path
) -> None:
    with running_desk_with_provider(tmp_path, provider) as fresh:
        rotate_keys(fresh, Browser(fresh.url))


def rotate_keys(desk: Desk, browser: Browser) -> None:
    desk.control(reset=True)
    assert browser.sign_in("li").status_code == 303
    before = desk.control(rotate=True)["/jwks"]
    assert Browser(desk.url).sign_in("li").status_code == 303
    assert desk.control()["/jwks"] == before + 1
    assert Browser(desk.url).sign_in("li").status_code == 303
    assert desk.control()["/jwks"] == before + 1
    unknown = {"header": {"kid": "unknown"}}
    for _ in range(8):
        assert desk.logout_by_provider(**unknown) == 400
    assert desk.control()["/jwks"] <= before + 6


def test_a_person_signs_out(desk: Desk, browser: Browser) -> None:
    browser.sign_in("li")
    stolen = browser.http.cookies.get("sightdesk_session")
    out = browser.http.post(desk.url + "/auth/logout", timeout=10)
    assert out.json()["location"].startswith(desk.provider.url + "/oauth2/end_session?client_id=")
    assert browser.get("/api/config").status_code == 401
    page = browser.get("/auth/signed-out")
    assert "You are signed out" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    kept = requests.get(
        desk.url + "/api/config", cookies={"sightdesk_session": str(stolen)}, timeout=10
    )
    assert kept.status_code == 401


def test_another_site_cannot_sign_a_person_out(desk: Desk, browser: Browser) -> None:
    browser.sign_in("li")
    foreign = {"origin": "https://evil.example"}
    refused = browser.http.post(desk.url + "/auth/logout", headers=foreign, timeout=10)
    assert (refused.status_code, code_of(refused)) == (403, "origin_not_allowed")
    assert browser.get("/api/config").status_code == 200


@pytest.mark.parametrize("named", [{"sub": "li"}, {"sid": "session-of-li"}])
def test_the_provider_ends_the_sessions_of_one_person(
    desk: Desk, browser: Browser, named: dict[str, str]
) -> None:
    browser.sign_in("li")
    other = Browser(desk.url)
    other.sign_in("wang")
    assert desk.logout_by_provider(claims=named) == 200
    assert browser.get("/api/config").status_code == 401
    assert other.get("/api/config").status_code == 200
    assert browser.sign_in("li").status_code == 303


LI = {"claims": {"sub": "li"}}
FALSE_LOGOUTS: dict[str, dict[str, Any]] = {
    "no signature": {**LI, "key": "none"},
    "a shared secret": {**LI, "key": "public"},
    "a stranger's key": {**LI, "key": "stranger"},
    "another audience": {"claims": {"sub": "li", "aud": "another-desk"}},
    "another issuer": {"claims": {"sub": "li", "iss": "https://evil.example"}},
    "an ID token": {**LI, "drop": ["events"]},
    "another event": {"claims": {"sub": "li", "events": {"https://a.example/other": {}}}},
    "a nonce": {"claims": {"sub": "li", "nonce": "n"}},
    "expired": {"claims": {"sub": "li", "exp": 1_700_000_000}},
    "old": {"claims": {"sub": "li", "iat": 1_700_000_000}, "drop": ["exp"]},
    "nobody": {},
    "a person of another kind": {"claims": {"sub": ["li"]}},
}


@pytest.mark.parametrize("name", FALSE_LOGOUTS)
def test_a_false_logout_token_ends_nothing(desk: Desk, browser: Browser, name: str) -> None:
    browser.sign_in("li")
    assert desk.logout_by_provider(**FALSE_LOGOUTS[name]) == 400
    assert browser.get("/api/config").status_code == 200


def test_a_logout_token_that_is_sent_again_does_not_end_later_sessions(
    desk: Desk, browser: Browser
) -> None:
    browser.sign_in("li")
    desk.control(clock=-200)  # a token of 200 s ago
    assert desk.logout_by_provider(**LI, drop=["exp"]) == 200
    assert browser.get("/api/config").status_code == 200


@pytest.mark.parametrize("cookie", ["nonsense", "a.b.c", "", "x" * 5000])
def test_a_forged_cookie_is_nobodys(desk: Desk, browser: Browser, cookie: str) -> None:
    forged = {"cookie": f"sightdesk_session={cookie}"}
    assert browser.get("/api/config", headers=forged).status_code == 401
    assert browser.get("/chat.html", headers=forged).status_code == 302


def test_a_visitors_cookie_and_a_begun_sign_in_are_no_session(browser: Browser) -> None:
    browser.begin()
    browser.get("/api/config", auth=PERSON)
    for name, value in browser.http.cookies.items():
        forged = {"cookie": f"sightdesk_session={value}"}
        assert requests.get(
            browser.url + "/api/config", headers=forged, timeout=10
        ).status_code == (401), name


def test_without_the_provider_a_page_says_so_and_the_password_goes_on(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    settings = settings_for(nobody)
    with running_front(tmp_path, {"OIDC_ISSUER": nobody}, **settings) as front:
        browser = Browser(front.url)
        told = browser.get("/auth/login")
        assert (told.status_code, told.headers["cache-control"]) == (503, "no-store")
        assert told.headers["retry-after"] == "5"
        assert "does not answer" in told.text
        assert '<a href="/password">' in told.text
        chinese = browser.get("/auth/login", headers={"accept-language": "zh-CN,en;q=0.5"})
        assert "登录服务没有响应" in chinese.text
        assert browser.get("/chat.html", auth=PERSON).status_code == 200
        assert requests.get(front.url + "/readyz", timeout=10).status_code == 200


def test_instead_of_passwords_there_may_be_single_sign_on_alone(
    provider: Running, tmp_path: Path
) -> None:
    off = {"BASIC_AUTH": "off", "BASIC_AUTH_PASSWORD": ""}
    with running_desk_with_provider(tmp_path, provider, off, BASIC_AUTH="off") as desk:
        desk.control(reset=True)
        browser = Browser(desk.url)
        for path, status in (("/chat.html", 302), ("/api/config", 401), ("/password", 404)):
            assert browser.get(path, auth=PERSON).status_code == status, path
            assert browser.get(path).status_code == status, path
        assert browser.sign_in("li").status_code == 303
        assert browser.get("/api/config").status_code == 200
        browser.http.post(desk.url + "/auth/logout", timeout=10)
        assert "/password" not in browser.get("/auth/signed-out").text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"issuer": "https://evil.example"}, "the issuer is"), ({"size": 300_000}, "262144 bytes")],
)
def test_a_discovery_document_that_cannot_be_right_is_refused(
    provider: Running, tmp_path: Path, wrong: dict[str, Any], told: str
) -> None:
    with running_desk_with_provider(tmp_path, provider) as desk:
        desk.control(reset=True, **wrong)
        assert Browser(desk.url).get("/auth/login").status_code == 503
        assert told in desk.front.gateway.log.read_text()
        desk.control(reset=True)
        wait_until(lambda: Browser(desk.url).get("/auth/login").status_code == 302, 30)
