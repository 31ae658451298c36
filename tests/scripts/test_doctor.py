"""make doctor on a stack that runs: each of its red lines was red here.

Docker is a script, and nginx a server of the test that says what a broken stack says.
"""

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.checks.files import end_of, expiry
from scripts.checks.plan import Plan
from scripts.checks.stack import backup, verdict
from tests.support.fake_host import GOOD, Answers, Host, env_file, make_host
from tests.support.paths import ROOT

SETTINGS = (
    "ENGINE=lite\nAPI_KEYS=shop:sk-shop-key\nBASIC_AUTH_PASSWORD=desk-password\n"
    "PROXY_SECRET=between-us\nEMBED_SECRET=signs-tokens\n"
)
READY: dict[str, Any] = {
    "database": {"writable": True},
    "uploads": {"available": True},
    "knowledge": {"clauses": 86, "problems": []},
    "tasks": {"sweep": {"state": "running", "reason": None}},
}
ANSWER: dict[str, Any] = {"model": "sightdesk-lite", "usage": {"completion_tokens": 3}}
WITH_A_PASSWORD = """
title: Stock
description: Says what is in stock.
effect: read
parameters:
  properties: {part: {$ref: "https://desk:pa55word@shop.example.com/a?key=pa55word"}}
  required: [part]
request: {method: GET, url: "http://127.0.0.1:9/{part}"}
result: {left: $.left}
say: "{{ left }}"
"""
RUNNING = {"State": "running", "Health": "healthy", "ExitCode": 0}


@contextmanager
def front(ready: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    """nginx: /readyz and chat completions. Yields its port."""

    class Front(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def send(self, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(503 if "error" in told else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.send(ready)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            known = self.headers["authorization"] == "Bearer sk-shop-key"
            self.send(answer if known else {"error": {"message": "who are you?"}})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield str(server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def examine(
    host: Host,
    gateway: dict[str, Any] = RUNNING,
    ready: dict[str, Any] = READY,
    answer: dict[str, Any] = ANSWER,
    docker: Answers = (),
    settings: str = "",
) -> "subprocess.CompletedProcess[str]":
    rows = [{"Service": "gateway", "Name": "desk-gateway-1", **gateway}] if gateway else []
    rows.append({"Service": "lite", "Name": "desk-lite-1", **RUNNING})
    services = {"gateway": {"image": "a:1"}, "lite": {"image": "b:1"}}
    with front(ready, answer) as port:
        env_file(host, SETTINGS + f"HTTP_PORT={port}\n" + settings)
        host.answers(
            "docker",
            (
                *docker,
                ("compose config --format json", json.dumps({"services": services}), 0),
                ("--filter label=", f"0.0.0.0:{port}->80/tcp", 0),
                ("compose ps", "\n".join(map(json.dumps, rows)), 0),
                ("compose exec", "", 1),
                *GOOD,
            ),
        )
        return host.module("scripts.doctor")


def red(text: str) -> list[str]:
    return [line.removeprefix("red").strip() for line in text.splitlines() if line[:4] == "red "]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return make_host(tmp_path_factory.mktemp("host"))


def test_a_stack_that_is_well_has_no_red_line(host: Host) -> None:
    done = examine(host)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("SightDesk ")
    assert "ok      container desk-gateway-1: running healthy" in lines
    assert "ok      database: takes writes" in lines
    assert any(line.startswith("ok      engine: sightdesk-lite wrote a token") for line in lines)
    assert lines[-1] == "ENGINE=lite: nothing is red."


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a container that ended": (
        {"gateway": {"State": "exited", "Health": "", "ExitCode": 137}},
        "container desk-gateway-1: exited, ended with 137. Remedy: docker logs desk-gateway-1",
    ),
    "an unhealthy one": (
        {"gateway": {"State": "running", "Health": "unhealthy", "ExitCode": 0}},
        "container desk-gateway-1: running unhealthy",
    ),
    "one that is missing": ({"gateway": {}}, "container gateway: there is none. Remedy: make up"),
    "a dead engine": (
        {"answer": {"error": {"message": "No engine answers."}}},
        "engine: sightdesk-lite wrote no token: No engine answers.. Remedy: make logs",
    ),
    "an engine without words": (
        {"answer": {"usage": {"completion_tokens": 0}}},
        "engine: sightdesk-lite wrote no token",
    ),
    "a full disk": (
        {"ready": {**READY, "database": {"writable": False}}},
        "database: takes no write. Remedy: ",
    ),
    "a store of files that is gone": (
        {"ready": {**READY, "uploads": {"available": False}}},
        "uploaded files: cannot be kept. Remedy: the store of FILES_URL is gone",
    ),
    "a file of keys that cannot be read": (
        {"ready": {**READY, "files": ["/data/api-keys.json: permission denied"]}},
        "file: /data/api-keys.json: permission denied. Remedy: correct the file",
    ),
    "a bad file": (
        {"ready": {**READY, "knowledge": {"problems": ["faq.xlsx: no workbook"]}}},
        "knowledge: faq.xlsx: no workbook. Remedy: correct the file",
    ),
    "a broken task": (
        {
            "ready": {
                **READY,
                "tasks": {"webhooks": {"state": "restarting", "reason": "OSError: x"}},
            }
        },
        "task webhooks: restarting (OSError: x)",
    ),
    "no scheduled backup": (
        {"settings": "BACKUP_SCHEDULE=daily 03:00\n"},
        "backup: none yet. Remedy: make logs",
    ),
    "a late backup": (
        {
            "settings": "BACKUP_SCHEDULE=daily 03:00\n",
            "docker": (
                (
                    "compose exec",
                    "sightdesk_backup_last_success_timestamp_seconds 1.7e9\n"
                    "sightdesk_backup_overdue_seconds 10800.0",
                    0,
                ),
            ),
        },
        "days old, and one has been due for 3 h. Remedy: make logs",
    ),
    "a profile's password": (
        {"settings": "COMPOSE_PROFILES=shared\nREDIS_PASSWORD=redis-secret\n"},
        "passwords of the profiles: POSTGRES_PASSWORD empty. Remedy: make up adds them",
    ),
}


@pytest.mark.parametrize(("broken", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_each_red_line_of_a_stack(host: Host, broken: dict[str, Any], said: str) -> None:
    done = examine(host, **broken)
    assert done.returncode == 1, done.stdout
    assert [line for line in red(done.stdout) if said in line], done.stdout
    assert done.stdout.splitlines()[-1] == f"ENGINE=lite: {len(red(done.stdout))} red, see above."


@pytest.mark.parametrize(
    ("service", "row", "good", "is_red"),
    [
        ("fetch", {"State": "exited", "ExitCode": 0}, True, False),
        ("fetch", {"State": "exited", "ExitCode": 1}, False, True),
        ("fetch", {"State": "running"}, False, False),
        ("gateway", {"State": "running", "Health": "starting"}, False, False),
        ("gateway", {"State": "restarting", "ExitCode": 2}, False, True),
    ],
)
def test_a_download_that_failed_is_red_and_what_starts_is_a_note(
    service: str, row: dict[str, Any], good: bool, is_red: bool
) -> None:
    found = verdict(service, {"Name": f"desk-{service}-1", **row})
    assert (found.good, found.is_red) == (good, is_red)
    assert found.remedy


def test_a_stack_that_is_not_started_is_a_note(host: Host) -> None:
    host.answers("docker", (("compose ps", "", 0), *GOOD))
    env_file(host, SETTINGS + "HTTP_PORT=28080\n")
    done = host.module("scripts.doctor")
    assert done.returncode == 0, done.stdout
    assert "note    stack: not started. Remedy: make up" in done.stdout.splitlines()


def test_a_stack_that_does_not_answer_is_red(host: Host) -> None:
    rows = json.dumps({"Service": "gateway", "Name": "desk-gateway-1", **RUNNING})
    services = {"services": {"gateway": {"image": "a:1"}}}
    host.answers(
        "docker",
        (("compose config --format json", json.dumps(services), 0), ("compose ps", rows, 0), *GOOD),
    )
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    env_file(host, SETTINGS + f"HTTP_PORT={port}\n")
    done = host.module("scripts.doctor")
    assert done.returncode == 1
    assert [line for line in red(done.stdout) if line.startswith("gateway: no answer at ")]


def test_a_backup_of_last_week_is_right_where_one_is_made_each_week(host: Host) -> None:
    six_days_ago = time.time() - 6 * 86_400
    told = (
        f"sightdesk_backup_last_success_timestamp_seconds {six_days_ago}\n"
        'sightdesk_build_info{version="1",engine="lite"} 1.0\n'
        "sightdesk_backup_overdue_seconds 0.0"
    )
    weekly = "BACKUP_SCHEDULE=0 3 * * 0\n"
    done = examine(host, settings=weekly, docker=(("compose exec", told, 0),))
    assert done.returncode == 0, done.stdout
    assert "ok      backup: 6.0 days old" in done.stdout.splitlines()


def test_a_backup_by_hand_is_only_asked_for(tmp_path: Path) -> None:
    plan = Plan("lite", {}, tmp_path)
    assert [(one.good, one.needed) for one in backup(plan)] == [(False, False)]
    (tmp_path / "backup-1.tar.gz").touch()
    assert backup(plan)[0].good
    old = time.time() - 30 * 86_400
    os.utime(tmp_path / "backup-1.tar.gz", (old, old))
    assert "30.0 days old" in backup(plan)[0].text


def certificate(folder: Path, days: int) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", "/CN=desk", "-days", str(days), "-keyout", str(folder / "tls.key"),
               "-out", str(folder / "tls.crt")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, for a certificate")
def test_a_certificate_that_ended_is_red_and_one_that_ends_soon_a_note(tmp_path: Path) -> None:
    certificate(tmp_path, 10)
    crt, now = tmp_path / "tls.crt", time.time()
    assert abs(end_of(crt.read_text()) - (now + 10 * 86_400)) < 3600
    soon, ended = expiry(crt, now), expiry(crt, now + 11 * 86_400)
    assert (soon.good, soon.needed) == (False, False)
    assert ended.is_red
    assert expiry(crt, now - 60 * 86_400).good
    crt.write_text("nonsense")
    assert expiry(crt, now).is_red


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, for a certificate")
def test_a_key_that_nginx_cannot_read_is_red(host: Host) -> None:
    folder = host.project / "nginx" / "certs"
    certificate(folder, 400)
    (folder / "tls.key").chmod(0o600)
    try:
        done = examine(host, settings="NGINX_UID=4711\n")
        assert [line for line in red(done.stdout) if "user 4711 cannot read nginx's key" in line]
        for gone, left in (("tls.crt", "tls.key"), ("tls.key", "tls.crt")):
            (folder / gone).unlink()
            (folder / left).touch()
            done = examine(host)
            assert [line for line in red(done.stdout) if f"nginx/certs/{gone} is missing" in line]
            (folder / gone).touch()
    finally:
        for name in ("tls.key", "tls.crt"):
            (folder / name).unlink(missing_ok=True)


def test_years_beyond_2049_are_read() -> None:
    """X.509 writes them in another form."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, for a certificate")
    told = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=desk", "-days", "20000", "-keyout", "/dev/null"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    end = datetime.datetime.fromtimestamp(end_of(told), datetime.UTC)
    assert end.year > 2050


def test_secrets_never_stand_on_the_page(host: Host) -> None:
    told = {"error": {"message": "desk-password sk-shop-key between-us signs-tokens pg-hidden"}}
    more = "DATABASE_URL=postgresql://desk:pg-hidden@db/desk\nCONNECTOR_X_TOKEN=between\n"
    done = examine(host, answer=told, settings=more)
    assert "wrote no token: *** *** *** *** ***" in done.stdout, done.stdout


def test_the_connectors_folder_of_the_setting_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "parcel.yaml").write_text("title: Parcel\neffect: reed\n")
    (tmp_path / "stock.yaml").write_text(WITH_A_PASSWORD)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.doctor"],
        cwd=ROOT,
        env={**os.environ, "CONNECTORS_DIR": str(tmp_path), "ENGINE": "lite"},
        capture_output=True,
        timeout=100,
    )
    found = [line for line in done.stdout.decode().splitlines() if "connector parcel" in line]
    assert len(found) == 1, found
    assert found[0].startswith("red     connector parcel.yaml:")
    assert b"https://***@shop.example.com/a?*** leaves the document" in done.stdout
    assert b"pa55word" not in done.stdout
    assert done.returncode == 1
