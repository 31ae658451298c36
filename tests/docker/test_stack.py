"""The stack in real Docker, through nginx with Basic Auth."""

import pytest
import requests

from tests.conftest import SCREENS, picture_message, screen
from tests.docker.conftest import Stack, compose


@pytest.mark.parametrize("engine", ["gpu", "cpu", "lite"])
@pytest.mark.usefixtures("docker")
def test_compose_accepts_every_engine(engine: str) -> None:
    shown = compose("config", ENGINE=engine)
    assert shown.returncode == 0, shown.stderr
    assert ("inference:" in shown.stdout) == (engine != "lite")
    assert ("nvidia" in shown.stdout) == (engine == "gpu")


@pytest.mark.timeout(900)
def test_the_page_asks_for_a_password(stack: Stack) -> None:
    closed = requests.get(stack.url + "/chat.html", timeout=10)
    assert (closed.status_code, closed.headers["www-authenticate"]) == (401, 'Basic realm="SightDesk"')
    opened = requests.get(stack.url + "/chat.html", auth=(stack.user, stack.password), timeout=10)
    assert opened.status_code == 200
    assert "script-src 'self'" in opened.headers["content-security-policy"]
    assert requests.get(stack.url + "/chat.html", auth=(stack.user, "wrong"), timeout=10).status_code == 401


def test_a_screenshot_is_answered_through_nginx(stack: Stack) -> None:
    session = requests.Session()
    session.auth = (stack.user, stack.password)
    config = session.get(stack.url + "/api/config", timeout=20)
    assert config.json()["engine"]["language_model"] is False
    data = (SCREENS / "browser-error.png").read_bytes()
    stored = session.post(stack.url + "/api/files", files={"file": ("error.png", data)}, timeout=30).json()
    part = {"type": "file", "file": {"file_id": stored["id"]}}
    message = {"role": "user", "content": [{"type": "text", "text": "这是什么错误?怎么解决?"}, part]}
    answer = session.post(stack.url + "/api/chat", json={"messages": [message]}, timeout=60)
    assert answer.headers["x-accel-buffering"] == "no"
    assert "ERR_CONNECTION_TIMED_OUT" in answer.content.decode()
    assert "app-troubleshooting#1.1" in answer.content.decode()


def test_an_sdk_comes_in_with_its_key_and_nobody_without(stack: Stack) -> None:
    body = {"model": "sightdesk", "messages": [picture_message("运单号是多少?", screen("waybill"))]}
    path = stack.url + "/v1/chat/completions"
    key = {"authorization": f"Bearer {stack.key}"}
    assert "SF1402857369214" in requests.post(path, json=body, headers=key, timeout=60).text
    assert requests.post(path, json=body, timeout=20).status_code == 401
    assert requests.post(path, json=body, auth=(stack.user, stack.password), timeout=20).status_code == 401


def test_forged_headers_change_nothing(stack: Stack) -> None:
    forged = {"x-sightdesk-user": "agent", "x-sightdesk-proxy-secret": "between-us", "x-forwarded-for": "127.0.0.1"}
    bearer = {**forged, "authorization": "Bearer nonsense"}
    assert requests.get(stack.url + "/api/config", headers=bearer, timeout=10).status_code == 401
    assert requests.get(stack.url + "/v1/models", headers=forged, timeout=10).status_code == 401


@pytest.mark.parametrize("path", ["/metrics", "/nope", "/.env", "/v2/x"])
def test_what_is_not_published_is_not_found(stack: Stack, path: str) -> None:
    answer = requests.get(stack.url + path, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_body_that_is_too_large_is_refused_in_the_contracts_words(stack: Stack) -> None:
    headers = {"authorization": f"Bearer {stack.key}", "content-type": "application/json", "content-length": str(2**31)}
    prepared = requests.Request("POST", stack.url + "/v1/chat/completions", headers=headers, data=b"{}").prepare()
    prepared.headers["content-length"] = str(2**31)
    answer = requests.Session().send(prepared, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_the_engine_and_the_gateway_have_no_way_out(stack: Stack) -> None:
    tried = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    answer = compose("exec", "-T", "gateway", "/venv/bin/python", "-c", tried, **stack.environ)
    assert answer.returncode != 0
    assert "unreachable" in answer.stderr or "timed out" in answer.stderr
