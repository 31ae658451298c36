"""The engine's start, as /readyz and the page's configuration report it."""

import json
import os
import time
from pathlib import Path

import pytest
import requests

from gateway.upstream import launch_status
from tests.support.http_client import until
from tests.support.servers import Running, free_port, running_gateway

STATE = {
    "phase": "loading",
    "percent": 62,
    "detail": "/models/x",
    "profile": "gpu-hopper",
    "max_concurrent": 128,
}


def test_an_engine_that_lists_its_model_is_ready_once_its_launcher_saw_a_token(
    engine: Running, tmp_path: Path
) -> None:
    status = tmp_path / "status.json"

    def tell(phase: str) -> None:
        status.write_text(json.dumps({**STATE, "phase": phase, "updated_at": time.time()}))

    def ready() -> bool:
        told: bool = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]["ready"]
        return told

    tell("warming")
    with running_gateway(
        engine.url, tmp_path / "data", ENGINE="gpu", ENGINE_STATUS_FILE=str(status)
    ) as gateway:
        time.sleep(1.5)  # three looks at an engine that answers them
        assert not ready()
        tell("ready")
        until(ready, 5)
        tell("stopping")
        time.sleep(1.5)
        assert ready(), "what it has begun it finishes"


def test_the_engines_start_is_shown_while_it_lasts(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    status.write_text(json.dumps({**STATE, "updated_at": time.time()}))
    nowhere = f"http://127.0.0.1:{free_port()}"
    with running_gateway(
        nowhere, tmp_path / "data", ENGINE="gpu", ENGINE_STATUS_FILE=str(status)
    ) as gateway:
        ready = requests.get(gateway.url + "/readyz", timeout=5)
        assert ready.status_code == 503
        told = {"ready": False, "phase": "loading", "percent": 62, "fallback": False}
        assert ready.json()["engine"] == {**told, "detail": "/models/x", "since": None}
        assert requests.get(gateway.url + "/api/config", timeout=5).json()["engine_state"] == told
        status.write_text(json.dumps({**STATE, "updated_at": time.time() - 100}))
        time.sleep(0.6)
        stale = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]
        assert stale["phase"] == "unavailable", "a launcher that no longer beats is gone"
        failed = {
            "phase": "failed",
            "detail": "the disk is full",
            "since": 1000.0,
            "updated_at": 1000.0,
        }
        status.write_text(json.dumps({**STATE, **failed}))
        time.sleep(0.6)
        last = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]
        assert (last["phase"], last["detail"], last["since"]) == (
            "failed",
            "the disk is full",
            1000.0,
        )


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[" * 50_000,
        b"null",
        b"{}",
        b'{"phase": "ready", "updated_at": 1e400}',
        b"x" * 100_000,
        None,
    ]
    + [
        b'{"phase": "loading", "updated_at": NOW, "max_concurrent": %s}' % count
        for count in (b"-5", b"1e300", b"[5]")
    ],
)
def test_a_status_file_that_breaks_is_named_and_the_next_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes | None
) -> None:
    monkeypatch.setattr(launch_status, "REREAD_SECONDS", 0.0)
    path = tmp_path / "status.json"
    file = launch_status.LaunchStatusFile(path)
    assert (file.read(), file.problem) == (None, None), "no launcher writes"
    if broken is None:
        os.mkfifo(path)
    else:
        path.write_bytes(broken.replace(b"NOW", b"%d" % time.time()))
    assert file.read() is None
    assert str(path) in (file.problem or "")
    path.unlink()
    path.write_text(json.dumps({**STATE, "updated_at": time.time()}))
    found = file.read()
    assert found is not None
    assert (found.phase, file.problem) == ("loading", None)


def test_a_beat_from_the_future_is_as_stale_as_one_from_the_past(tmp_path: Path) -> None:
    """The clock went back an hour: a launcher that has ended would seem alive for an hour."""
    path = tmp_path / "status.json"
    path.write_text(json.dumps({**STATE, "updated_at": time.time() + 3600}))
    assert launch_status.LaunchStatusFile(path).read() is None
