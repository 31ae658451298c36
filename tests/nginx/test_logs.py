"""nginx's lines have the gateway's form: one object a line, no query."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from tests.support.nginx import Front
from tests.support.paths import ROOT
from tests.support.servers import wait_until

FILTER = ROOT / "nginx" / "entrypoint" / "40-error-log.sh"
REFUSED = (
    "2026/11/30 08:45:20 [error] 29#29: *1 connect() failed (111: Connection refused), client: "
    '10.0.0.5, server: _, request: "GET /api/x?code=sec"ret&b=1 HTTP/1.1", upstream: '
    '"http://10.0.0.1:8000/api/x?code=secret", host: "desk", referrer: "http://desk/a?t=secret"'
)


def line_of(front: Front, request_id: str) -> dict[str, Any]:
    log = front.folder / "access.log"

    def found() -> list[dict[str, Any]]:
        told = [json.loads(line) for line in log.read_text().splitlines()]
        return [one for one in told if one["request_id"] == request_id]

    wait_until(found, 10)
    return found()[0]


def test_a_request_is_one_object_without_its_query(front: Front) -> None:
    asked = requests.get(
        front.url + '/v1/models?token=secret"x',
        headers={"x-request-id": "nginx-1", "authorization": "Bearer sk-shop"},
        timeout=10,
    )
    assert asked.status_code == 200
    line = line_of(front, "nginx-1")
    assert list(line) == [
        *("time", "level", "event", "request_id", "ip", "method", "path", "status"),
        *("duration_ms", "bytes"),
    ]
    assert (line["level"], line["event"], line["path"]) == ("info", "request", "/v1/models")
    assert isinstance(line["duration_ms"], int)
    written = datetime.fromisoformat(line["time"])
    assert written.utcoffset() is not None
    assert "." in line["time"]
    assert "secret" not in json.dumps(line)


def test_nginx_and_the_gateway_log_the_same_id(front: Front) -> None:
    answer = requests.get(front.url + "/v1/models", timeout=10)
    request_id = answer.headers["x-request-id"]
    line = line_of(front, request_id)
    assert line["status"] == answer.status_code == 401
    assert line["path"] == "/v1/models"
    assert request_id in front.gateway.log.read_text()


def test_the_path_is_the_one_that_was_asked_where_nginx_answers_itself(front: Front) -> None:
    answer = requests.get(front.url + "/no/such/page?token=secret", timeout=10)
    assert answer.status_code == 404
    assert line_of(front, answer.headers["x-request-id"])["path"] == "/no/such/page"


@contextmanager
def running_filter(folder: Path) -> Iterator[Path]:
    pipe, out = folder / "pipe", folder / "out"
    with out.open("wb") as written:
        process = subprocess.Popen(
            ["sh", FILTER],
            env={"NGINX_ERRORS": str(pipe), "PATH": "/usr/bin:/bin"},
            stdout=written,
            start_new_session=True,
        )
        process.wait(10)
        try:
            yield folder
        finally:
            # The script has ended; what it started is in its process group.
            os.killpg(process.pid, signal.SIGTERM)


def test_an_error_line_has_the_same_form_without_any_query(tmp_path: Path) -> None:
    with running_filter(tmp_path) as folder:
        wait_until((folder / "pipe").exists, 10)
        with (folder / "pipe").open("w") as pipe:
            pipe.write(REFUSED + "\n" + 'not \\ nginx\'s "form" é\n')
        wait_until(lambda: (folder / "out").read_text().count("\n") == 2, 10)
        # nginx opens its log again: the filter is still there.
        with (folder / "pipe").open("w") as pipe:
            pipe.write("2026/11/30 08:45:20 [warn] 1#1: again\n")
        wait_until(lambda: (folder / "out").read_text().count("\n") == 3, 10)
        first, other, again = map(json.loads, (folder / "out").read_text().splitlines())
    assert list(first) == ["time", "level", "event", "message"]
    assert (first["level"], first["event"]) == ("error", "nginx_error")
    assert "ret&b" not in first["message"]
    assert "secret" not in first["message"]
    assert 'request: "GET /api/x HTTP/1.1"' in first["message"]
    assert 'upstream: "http://10.0.0.1:8000/api/x"' in first["message"]
    assert 'referrer: "http://desk/a"' in first["message"]
    assert 'not \\ nginx\'s "form"' in other["message"]
    assert (again["level"], again["message"]) == ("warning", "again")
