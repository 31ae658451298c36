"""ENGINE=cpu in real Docker: vLLM's CPU build with the tiny model, behind nginx.

`make test-engine` runs it.
"""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.docker_stack import Stack, compose, kill_inside
from tests.support.paths import ROOT, SCREENS
from tests.support.servers import free_port

pytestmark = pytest.mark.timeout(900)
TINY = ROOT / ".cache" / "tiny-qwen3-vl"


@pytest.fixture(scope="module")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environ = {
        "ENGINE": "cpu",
        "MODEL_SOURCE": "local",
        "MODEL_ID": str(TINY),
        "VLLM_EXTRA_ARGS": "--enforce-eager --dtype float32",
        "HTTP_PORT": str(free_port()),
        "HTTPS_PORT": str(free_port()),
        "PRIVATE_SUBNET": "172.30.85.0/24",
        "BASIC_AUTH_USER": "agent",
        "BASIC_AUTH_PASSWORD": "desk-password",
        "PROXY_SECRET": "between-us",
        "API_KEYS": "shop:sk-docker",
        "EMBED_SECRET": "signs-tokens",
        "COMPOSE_PROJECT_NAME": "sightdesk-cpu-test",
    }
    env_file = tmp_path_factory.mktemp("stack") / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
    environ["ENV_FILE"] = str(env_file)
    try:
        started = compose("up", "-d", "--build", "--wait", **environ)
        assert started.returncode == 0, (
            started.stderr[-3000:] + compose("logs", "--tail", "60", **environ).stdout
        )
        yield Stack(
            f"http://127.0.0.1:{environ['HTTP_PORT']}",
            "agent",
            "desk-password",
            "sk-docker",
            environ,
        )
    finally:
        compose("down", "-v", "--timeout", "10", **environ)


def ask(stack: Stack, model: str = "sightdesk", **more: object) -> requests.Response:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "退货要几天?"}],
        "max_tokens": 8,
        **more,
    }
    headers = {"authorization": f"Bearer {stack.key}"}
    return requests.post(stack.url + "/v1/chat/completions", json=body, headers=headers, timeout=60)


def engine_ready(stack: Stack) -> bool:
    return bool(requests.get(stack.url + "/readyz", timeout=10).json()["engine"]["ready"])


def container(stack: Stack) -> str:
    return compose("ps", "-aq", "inference", **stack.environ).stdout.strip()


def inspect(stack: Stack) -> Any:
    found = subprocess.run(
        ["docker", "inspect", container(stack)], capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout)[0]


def wait_for(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.5)


def test_a_screenshot_question_is_answered_by_vllm_through_nginx(stack: Stack) -> None:
    with requests.Session() as session:
        session.auth = (stack.user, stack.password)
        assert session.get(stack.url + "/api/config", timeout=20).json()["engine"]["kind"] == "cpu"
        data = (SCREENS / "browser-error.png").read_bytes()
        stored = session.post(
            stack.url + "/api/files", files={"file": ("error.png", data)}, timeout=30
        ).json()
        part = {"type": "file", "file": {"file_id": stored["id"]}}
        message = {"role": "user", "content": [{"type": "text", "text": "这是什么错误?"}, part]}
        events = ""

        def read() -> (
            bool
        ):  # the engine does not wait for the reader, so the first answer may have come without it
            nonlocal events
            body: dict[str, Any] = {"messages": [message], "max_tokens": 12}
            events = session.post(stack.url + "/api/chat", json=body, timeout=60).content.decode()
            return "ERR_CONNECTION_TIMED_OUT" in events

        wait_for(read, 30)
        # A model of random weights cites nothing: that a clause is found and told to the engine is
        # tested with one that can write (tests/engine/language).
        assert '"citations":[' in events
        assert '"outcome":"' in events
        assert '"model":"Qwen3-VL-2B"' in events
        assert '"degraded":true' not in events
        assert events.rstrip().endswith("[DONE]")


def test_the_engine_runs_without_rights_and_without_a_way_out(stack: Stack) -> None:
    state = inspect(stack)
    assert state["Config"]["User"] == "10001:10001"
    assert state["HostConfig"]["ReadonlyRootfs"] is True
    assert [
        mount["RW"] for mount in state["Mounts"] if mount["Destination"].startswith("/models")
    ] == [False]
    assert list(state["NetworkSettings"]["Networks"]) == ["sightdesk-cpu-test_private"]
    tried = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    out = compose("exec", "-T", "inference", "python3", "-c", tried, **stack.environ)
    assert out.returncode != 0
    assert "unreachable" in out.stderr or "timed out" in out.stderr


def test_while_the_engine_is_away_the_embedded_one_answers_and_says_so(stack: Stack) -> None:
    """Docker restarts it after its process is killed inside the container, and after the kernel
    kills it."""
    before = inspect(stack)
    kill_inside("inference", stack.environ)
    started = time.monotonic()
    answer = ask(stack)
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - started < 5, "long before the resolver gives a lost name up"
    assert answer.json()["model"] == "sightdesk-lite"
    assert answer.json()["sightdesk"]["degraded"] is True
    wait_for(lambda: ask(stack, "Qwen3-VL-2B").status_code == 503, 2)
    wait_for(lambda: engine_ready(stack), 180)
    wait_for(lambda: ask(stack).json()["model"] == "Qwen3-VL-2B", 10)
    # Its first process, killed from outside as the kernel does it.
    os.kill(inspect(stack)["State"]["Pid"], 9)
    wait_for(lambda: inspect(stack)["RestartCount"] > before["RestartCount"], 30)
    wait_for(lambda: not engine_ready(stack), 10)
    wait_for(lambda: engine_ready(stack), 180)
    wait_for(lambda: ask(stack).json()["model"] == "Qwen3-VL-2B", 10)


def test_compose_stop_lets_a_long_answer_come_whole(stack: Stack) -> None:
    """All services stop at once: nginx waits for its responses, and vLLM for its answers."""
    tokens, left = (
        700,
        16.0,
    )  # seconds of the answer left at the stop; a drain waits for 30 s
    body: dict[str, Any] = {
        "model": "Qwen3-VL-2B",
        "stream": True,
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": tokens,
    }
    body |= {"temperature": 0, "frequency_penalty": -2, "stream_options": {"include_usage": True}}
    headers = {"authorization": f"Bearer {stack.key}"}
    events: list[bytes] = []
    due, ended = threading.Event(), []

    def long() -> None:
        url = stack.url + "/v1/chat/completions"
        with requests.post(url, json=body, headers=headers, stream=True, timeout=120) as told:
            started = time.monotonic()
            for line in filter(None, told.iter_lines()):
                events.append(line)
                pace = (time.monotonic() - started) / len(events)
                if len(events) > 20 and (tokens - len(events)) * pace <= left:
                    due.set()
        ended.append(time.monotonic())
        due.set()

    asking = threading.Thread(target=long)
    asking.start()
    assert due.wait(120)
    at = time.monotonic()
    assert not ended, "the answer was over before anything was stopped"
    stopped = compose("stop", **stack.environ)
    asking.join(60)
    assert stopped.returncode == 0, stopped.stderr
    assert events[-1] == b"data: [DONE]", f"cut {ended[0] - at:.0f} s after the stop: {events[-3:]}"
    assert json.loads(events[-2].removeprefix(b"data: "))["usage"]["completion_tokens"] == tokens
    for service in ("nginx", "gateway", "inference", "lite"):
        found = compose("ps", "-a", "--format", "{{.ExitCode}}", service, **stack.environ)
        assert found.stdout.strip() == "0", f"{service} ended with {found.stdout}"


def test_vllm_compiles_on_a_read_only_root_and_says_how_far_it_is(stack: Stack) -> None:
    """As it starts for everybody who does not ask for `--enforce-eager`."""
    started = compose("up", "-d", **{**stack.environ, "VLLM_EXTRA_ARGS": "--dtype float32"})
    assert started.returncode == 0, started.stderr
    phases = set()

    def up() -> bool:
        try:
            told = requests.get(stack.url + "/readyz", timeout=10)
        except requests.ConnectionError:  # nginx does not listen yet
            return False
        if "engine" not in told.json():  # nginx, before the gateway
            return False
        phases.add(told.json()["engine"]["phase"])
        return bool(told.json()["engine"]["ready"])

    wait_for(up, 400)
    assert {"loading", "compiling"} <= phases
    assert ask(stack).json()["model"] == "Qwen3-VL-2B"


def test_an_unknown_flag_ends_make_up_in_one_line_and_is_no_loop(
    stack: Stack, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):  # as they are: Git quotes names in Chinese
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name, follow_symlinks=False)
    environ = {**os.environ, **stack.environ, "VLLM_EXTRA_ARGS": "--nope 3"}
    for name in (
        "ENV_FILE",
        "PROXY_SECRET",
    ):  # the project's own .env has them, for nginx and the gateway alike
        del environ[name]
    done = subprocess.run(["make", "up"], cwd=project, env=environ, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-3:-1] == [  # then make's own
        "inference: vLLM does not know --nope 3; correct VLLM_EXTRA_ARGS",
        "make up: some containers did not start; see the line above, or `make logs`.",
    ], done.stderr[-2000:]
    time.sleep(20)
    state = inspect(stack)
    assert state["State"]["Running"], "it is held for a minute, so that its reason can be read"
    assert state["RestartCount"] <= 1


def test_a_wrong_model_is_one_line_and_no_loop(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
    tmp_path.chmod(0o755)
    environ = {**stack.environ, "MODEL_ID": str(tmp_path)}
    fetched = compose("run", "--rm", "-T", "fetch", **environ)
    assert fetched.returncode == 2
    assert "Qwen3ForCausalLM has no vision part" in fetched.stdout.strip().splitlines()[-1]
    missing = compose("up", "-d", "inference", **{**stack.environ, "MODEL_ID": "/nowhere/at/all"})
    assert missing.returncode != 0
    assert "/nowhere/at/all" in missing.stderr
