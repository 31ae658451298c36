"""`make demo` from start to first answer."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.support.customers import PageCustomer
from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_for


def demo(port: int, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_where_it_is_and_a_signal_stops_everything() -> None:
    port = free_port()
    process = demo(port)
    assert process.stdout is not None
    assert process.stdout.readline() == f"SightDesk is ready: http://127.0.0.1:{port}/chat.html\n"
    assert (
        requests.get(f"http://127.0.0.1:{port}/", allow_redirects=False, timeout=5).headers[
            "location"
        ]
        == "/chat.html"
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()
    time.sleep(0.2)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_example_business_is_behind_it_and_ends_with_it(tmp_path: Path) -> None:
    port = free_port()
    process = demo(port, DATA_DIR=str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline().startswith("SightDesk is ready")
    try:
        with PageCustomer(f"http://127.0.0.1:{port}") as customer:
            ready = customer.visitor.get("/readyz")
            said = customer.ask("查一下订单 QH202611240061905")
        # The first question is answered by what clauses mean, not by their words alone.
        assert ready["knowledge"]["vectors"]["state"] == "ready"
        assert said.tools == ["order_status"]
        assert "待发货" in said.text
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        process.communicate()
    assert len(children) >= 3
    assert not any(child.is_running() for child in children)
    assert (tmp_path / "business" / "business.db").is_file()


def test_own_connectors_take_the_place_of_the_example_business(tmp_path: Path) -> None:
    port = free_port()
    folder = tmp_path / "connectors"
    folder.mkdir()
    process = demo(port, DATA_DIR=str(tmp_path), CONNECTORS_DIR=str(folder))
    assert process.stdout is not None
    assert process.stdout.readline().startswith("SightDesk is ready")
    try:
        with PageCustomer(f"http://127.0.0.1:{port}") as customer:
            said = customer.ask("查一下订单 QH202611240061905")
        assert (said.tools, said.failed) == ([], [])
        assert not (tmp_path / "business").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        process.communicate()


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = demo(taken.getsockname()[1])
        _, complaint = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "cannot listen" in complaint
    assert "PORT" in complaint


def test_the_gateway_starts_before_its_engine_and_finds_it_later(tmp_path: Path) -> None:
    from tests.support.servers import running_gateway

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running_gateway(url, tmp_path) as gateway:
        assert requests.get(gateway.url + "/readyz", timeout=5).status_code == 503
        body: dict[str, Any] = {
            "model": "sightdesk",
            "messages": [{"role": "user", "content": "多少钱包邮"}],
        }
        answer = requests.post(gateway.url + "/v1/chat/completions", json=body, timeout=10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "upstream_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        environ = {**os.environ, "PORT": str(port)}
        engine = subprocess.Popen([sys.executable, "-m", "inference.lite"], cwd=ROOT, env=environ)
        try:
            wait_for(gateway.url + "/readyz")
            assert (
                requests.post(
                    gateway.url + "/v1/chat/completions", json=body, timeout=10
                ).status_code
                == 200
            )
        finally:
            engine.terminate()
            engine.wait(20)


def test_the_assistant_goes_on_with_the_fallback_and_says_so(tmp_path: Path) -> None:
    from tests.support.servers import running_gateway, running_lite

    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        running_lite() as lite,
        running_gateway(nowhere, tmp_path, ENGINE="cpu", FALLBACK_ENGINE_URL=lite.url) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        body: dict[str, Any] = {
            "model": "sightdesk",
            "messages": [{"role": "user", "content": "多少钱包邮"}],
        }
        answer = requests.post(gateway.url + "/v1/chat/completions", json=body, timeout=10).json()
        assert answer["sightdesk"]["degraded"] is True
        assert answer["model"] == "sightdesk-lite"
        raw = requests.post(
            gateway.url + "/v1/chat/completions", json={**body, "model": "Qwen3-VL-2B"}, timeout=10
        )
        assert raw.status_code == 503


def test_without_python_the_first_run_says_what_it_needs(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("gateway", "lite"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    ended = subprocess.run(
        ["make", "demo", "PYTHON=/bin/false"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode != 0
    assert ended.stderr.startswith("SightDesk needs Python 3.11 or newer with venv; set PYTHON=…")
