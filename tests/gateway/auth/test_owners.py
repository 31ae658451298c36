"""No caller sees what another caller has stored."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.auth.tokens import Signer
from tests.support.access import SCREEN, bearer, call, nginx, settings, token
from tests.support.servers import Running, running_gateway

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
    question: dict[str, Any] = {
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
    question: dict[str, Any] = {
        "model": "fake-vl",
        "messages": [{"role": "user", "content": "endless"}],
    }
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
    """The key `other` may also name a user `li`, but that is another person than shop's `li`."""
    shops, others = bearer(token("li")), bearer(token("li", issuer="other"))
    files = {"file": ("a.png", SCREEN.read_bytes())}
    stored = requests.post(
        closed.url + "/api/files", files=files, headers=shops, timeout=30
    ).json()["id"]
    assert call(closed, "GET", f"/api/files/{stored}", shops).status_code == 200
    assert call(closed, "GET", f"/api/files/{stored}", others).status_code == 404
    wanted: dict[str, Any] = {"user": "li", "origin": "http://localhost:9000", "ttl": 60}
    made = requests.post(
        closed.url + "/v1/embed-tokens", json=wanted, headers=bearer("sk-other"), timeout=5
    ).json()
    assert call(closed, "GET", f"/api/files/{stored}", bearer(made["token"])).status_code == 404


def test_two_visitors_behind_one_name_are_two_owners(closed: Running) -> None:
    with requests.Session() as one, requests.Session() as two:
        for visitor in (one, two):
            visitor.headers.update(nginx())
            visitor.get(closed.url + "/api/config", timeout=5)
        assert one.cookies["sightdesk_visitor"] != two.cookies["sightdesk_visitor"]
        raw = SCREEN.read_bytes()
        stored = one.post(
            closed.url + "/api/files", files={"file": ("a.png", raw)}, timeout=20
        ).json()["id"]
        assert one.get(f"{closed.url}/api/files/{stored}", timeout=5).status_code == 200
        assert two.get(f"{closed.url}/api/files/{stored}", timeout=5).status_code == 404
        # The cookie of one person is worth nothing under another's name, nor where it was made up.
        stolen = {
            **nginx("wang"),
            "cookie": f"sightdesk_visitor={one.cookies['sightdesk_visitor']}",
        }
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
