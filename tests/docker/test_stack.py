"""The stack in real Docker, through nginx with Basic Auth."""

import base64
import io
import json
import subprocess
import time
from typing import Any

import pypdf
import pytest
import requests
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from tests.support.docker_stack import Stack, compose, kill_inside
from tests.support.paths import SCREENS
from tests.support.screens import picture_message, screen


@pytest.mark.parametrize("engine", ["gpu", "cpu", "lite"])
@pytest.mark.usefixtures("docker")
def test_compose_accepts_every_engine(engine: str) -> None:
    shown = compose("config", ENGINE=engine)
    assert shown.returncode == 0, shown.stderr
    assert ("inference:" in shown.stdout) == (engine != "lite")
    assert ("nvidia" in shown.stdout) == (engine == "gpu")


@pytest.mark.parametrize("engine", ["gpu", "cpu", "lite"])
@pytest.mark.usefixtures("docker")
def test_every_container_is_bounded_and_none_holds_dockers_socket(engine: str) -> None:
    shown = compose("config", "--format", "json", ENGINE=engine, INFERENCE_MEMORY="12g")
    assert shown.returncode == 0, shown.stderr
    services = json.loads(shown.stdout)["services"]
    assert {"nginx", "gateway", "lite"} <= set(services)
    for name, service in services.items():
        assert int(service["mem_limit"]) >= 256 * 1024**2, name
        assert 0 < service["pids_limit"] <= 16384, name
    assert "docker.sock" not in shown.stdout


@pytest.mark.timeout(900)
def test_the_page_asks_for_a_password(stack: Stack) -> None:
    closed = requests.get(stack.url + "/chat.html", timeout=10)
    assert (closed.status_code, closed.headers["www-authenticate"]) == (
        401,
        'Basic realm="SightDesk"',
    )
    opened = requests.get(stack.url + "/chat.html", auth=(stack.user, stack.password), timeout=10)
    assert opened.status_code == 200
    assert "script-src 'self'" in opened.headers["content-security-policy"]
    assert (
        requests.get(stack.url + "/chat.html", auth=(stack.user, "wrong"), timeout=10).status_code
        == 401
    )


def test_a_screenshot_is_answered_through_nginx(stack: Stack) -> None:
    with requests.Session() as session:
        session.auth = (stack.user, stack.password)
        config = session.get(stack.url + "/api/config", timeout=20)
        assert config.json()["engine"]["language_model"] is False
        data = (SCREENS / "browser-error.png").read_bytes()
        stored = session.post(
            stack.url + "/api/files", files={"file": ("error.png", data)}, timeout=30
        ).json()
        part = {"type": "file", "file": {"file_id": stored["id"]}}
        message: dict[str, Any] = {
            "role": "user",
            "content": [{"type": "text", "text": "这是什么错误?怎么解决?"}, part],
        }
        answer = session.post(stack.url + "/api/chat", json={"messages": [message]}, timeout=60)
        assert answer.headers["x-accel-buffering"] == "no"
        assert "ERR_CONNECTION_TIMED_OUT" in answer.content.decode()
        assert "app-troubleshooting#1.1" in answer.content.decode()


def invoice_without_fonts(text: str) -> bytes:
    """A PDF like many Chinese invoices: it names Adobe's STSong-Light and does not embed it."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(595, 842)
    name, number = NameObject, NumberObject
    system = {
        "/Registry": TextStringObject("Adobe"),
        "/Ordering": TextStringObject("GB1"),
        "/Supplement": number(4),
    }
    described = {
        "/Type": name("/FontDescriptor"), "/FontName": name("/STSong-Light"), "/Flags": number(6),
        "/ItalicAngle": number(0),
        "/FontBBox": ArrayObject(map(number, (-25, -254, 1000, 880))), "/Ascent": number(752),
        "/Descent": number(-271),
        "/CapHeight": number(737), "/StemV": number(58),
    }  # fmt: skip
    descriptor = writer._add_object(
        DictionaryObject({name(key): value for key, value in described.items()})
    )
    descendant = {
        "/Type": name("/Font"), "/Subtype": name("/CIDFontType0"),
        "/BaseFont": name("/STSong-Light"), "/DW": number(1000),
        "/FontDescriptor": descriptor,
        "/CIDSystemInfo": DictionaryObject({name(key): value for key, value in system.items()}),
    }  # fmt: skip
    font = {
        "/Type": name("/Font"), "/Subtype": name("/Type0"), "/BaseFont": name("/STSong-Light"),
        "/Encoding": name("/UniGB-UCS2-H"),
        "/DescendantFonts": ArrayObject(
            [DictionaryObject({name(key): value for key, value in descendant.items()})]
        ),
    }  # fmt: skip
    fonts = DictionaryObject(
        {name("/F1"): DictionaryObject({name(key): value for key, value in font.items()})}
    )
    page[name("/Resources")] = DictionaryObject({name("/Font"): fonts})
    content = DecodedStreamObject()
    content.set_data(
        b"BT /F1 36 Tf 60 700 Td <" + text.encode("utf-16-be").hex().encode() + b"> Tj ET"
    )
    page[name("/Contents")] = writer._add_object(content)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_a_chinese_document_without_its_fonts_is_read(stack: Stack) -> None:
    url = (
        "data:application/pdf;base64,"
        + base64.b64encode(invoice_without_fonts("电子发票")).decode()
    )
    file = {"type": "file", "file": {"filename": "invoice.pdf", "file_data": url}}
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "这是什么?"}, file]}],
    }
    key = {"authorization": f"Bearer {stack.key}"}
    answer = requests.post(stack.url + "/v1/chat/completions", json=body, headers=key, timeout=60)
    assert answer.status_code == 200, answer.text
    lines = [line["text"] for line in answer.json()["sightdesk"]["reading"][0]["lines"]]
    assert "电子发票" in lines


def test_an_sdk_comes_in_with_its_key_and_nobody_without(stack: Stack) -> None:
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [picture_message("运单号是多少?", screen("waybill"))],
    }
    path = stack.url + "/v1/chat/completions"
    key = {"authorization": f"Bearer {stack.key}"}
    assert "SF1402857369214" in requests.post(path, json=body, headers=key, timeout=60).text
    assert requests.post(path, json=body, timeout=20).status_code == 401
    assert (
        requests.post(path, json=body, auth=(stack.user, stack.password), timeout=20).status_code
        == 401
    )


def test_forged_headers_change_nothing(stack: Stack) -> None:
    forged = {
        "x-sightdesk-user": "agent",
        "x-sightdesk-proxy-secret": "between-us",
        "x-forwarded-for": "127.0.0.1",
    }
    bearer = {**forged, "authorization": "Bearer nonsense"}
    assert requests.get(stack.url + "/api/config", headers=bearer, timeout=10).status_code == 401
    assert requests.get(stack.url + "/v1/models", headers=forged, timeout=10).status_code == 401


@pytest.mark.parametrize("path", ["/metrics", "/nope", "/.env", "/v2/x"])
def test_what_is_not_published_is_not_found(stack: Stack, path: str) -> None:
    answer = requests.get(stack.url + path, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_body_that_is_too_large_is_refused_in_the_contracts_words(stack: Stack) -> None:
    headers = {
        "authorization": f"Bearer {stack.key}",
        "content-type": "application/json",
        "content-length": str(2**31),
    }
    prepared = requests.Request(
        "POST", stack.url + "/v1/chat/completions", headers=headers, data=b"{}"
    ).prepare()
    prepared.headers["content-length"] = str(2**31)
    with requests.Session() as session:
        answer = session.send(prepared, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_the_engine_and_the_gateway_have_no_way_out(stack: Stack) -> None:
    tried = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    answer = compose("exec", "-T", "gateway", "/venv/bin/python", "-c", tried, **stack.environ)
    assert answer.returncode != 0
    assert "unreachable" in answer.stderr or "timed out" in answer.stderr


def inspected(stack: Stack, service: str) -> dict[str, Any]:
    identity = compose("ps", "-a", "-q", service, **stack.environ).stdout.strip()
    told = subprocess.run(
        ["docker", "inspect", identity], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)[0]
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", ["gateway", "lite", "nginx"])
def test_a_process_that_is_killed_inside_its_container_comes_back(
    stack: Stack, service: str
) -> None:
    before = inspected(stack, service)
    kill_inside(service, stack.environ)
    deadline = time.monotonic() + 120
    while True:
        now = inspected(stack, service)
        if (
            now["RestartCount"] > before["RestartCount"]
            and now["State"]["Health"]["Status"] == "healthy"
        ):
            break
        assert time.monotonic() < deadline, now["State"]
        time.sleep(0.5)
    assert now["State"]["StartedAt"] != before["State"]["StartedAt"]
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": "退货流程是什么?"}],
    }
    key = {"authorization": f"Bearer {stack.key}"}
    answer = requests.post(stack.url + "/v1/chat/completions", json=body, headers=key, timeout=60)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("service", "limit"),
    [("gateway", 4 * 1024**3), ("lite", 1536 * 1024**2), ("nginx", 256 * 1024**2)],
)
def test_a_container_that_runs_has_its_bounds(stack: Stack, service: str, limit: int) -> None:
    host = inspected(stack, service)["HostConfig"]
    assert (host["Memory"], host["PidsLimit"]) == (limit, 1024)
