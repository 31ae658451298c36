"""How far the engine's start is, as /readyz and the page's configuration tell it."""

import json
import time
from pathlib import Path

import requests

from benchmarks.servers import Running, free_port, running_gateway
from tests.gateway.asking import until

STATE = {"phase": "loading", "percent": 62, "detail": "/models/x", "profile": "gpu-hopper", "max_concurrent": 128}


def test_an_engine_that_lists_its_model_is_ready_once_its_launcher_saw_a_token(engine: Running, tmp_path: Path) -> None:
    status = tmp_path / "status.json"

    def tell(phase: str) -> None:
        status.write_text(json.dumps({**STATE, "phase": phase, "updated_at": time.time()}))

    def ready() -> bool:
        told: bool = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]["ready"]
        return told

    tell("warming")
    with running_gateway(engine.url, tmp_path / "data", ENGINE="gpu", ENGINE_STATUS_FILE=str(status)) as gateway:
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
    with running_gateway(nowhere, tmp_path / "data", ENGINE="gpu", ENGINE_STATUS_FILE=str(status)) as gateway:
        ready = requests.get(gateway.url + "/readyz", timeout=5)
        assert ready.status_code == 503
        told = {"ready": False, "phase": "loading", "percent": 62, "fallback": False}
        assert ready.json()["engine"] == {**told, "detail": "/models/x", "since": None}
        assert requests.get(gateway.url + "/api/config", timeout=5).json()["engine_state"] == told
        status.write_text(json.dumps({**STATE, "updated_at": time.time() - 100}))
        time.sleep(0.6)
        stale = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]
        assert stale["phase"] == "unavailable", "a launcher that no longer beats is gone"
        failed = {"phase": "failed", "detail": "the disk is full", "since": 1000.0, "updated_at": 1000.0}
        status.write_text(json.dumps({**STATE, **failed}))
        time.sleep(0.6)
        last = requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]
        assert (last["phase"], last["detail"], last["since"]) == ("failed", "the disk is full", 1000.0)
