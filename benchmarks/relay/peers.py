"""The compared relays, each alone on its core: nginx, vllm-router, LiteLLM, this gateway."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.relay import load, script
from tests.support.forked import Process
from tests.support.paths import ROOT
from tests.support.servers import free_port, on_core, running_gateway, wait_for

BIN = ROOT / ".venv-bench" / "bin"
START_SECONDS = 120  # LiteLLM takes half a minute to import on a busy machine
PLENTY = "10000000/minute"

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr error; worker_processes 1;
events {{ worker_connections 8192; }}
http {{
    access_log off; client_max_body_size 64m; keepalive_requests 1000000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream engine {{ server {engine}; keepalive 1024; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffering off; proxy_read_timeout 300s;
        }}
    }}
}}
"""
LITELLM = """
model_list:
  - model_name: {model}
    litellm_params: {{model: hosted_vllm/{model}, api_base: {engine}/v1, api_key: none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{telemetry: false}}
"""


@dataclass(frozen=True, slots=True)
class Relay:
    """A running relay. `spare`: its first process only supervises and is not counted (nginx)."""

    name: str
    url: str
    process: Process
    check: load.Check
    spare: bool = False

    def processes(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [*([] if self.spare else [root]), *root.children(recursive=True)]

    def cpu(self) -> float:
        """CPU seconds so far of the process tree, ended children included (/proc/PID/stat)."""
        times = [process.cpu_times() for process in self.processes()]
        return float(
            sum(one.user + one.system + one.children_user + one.children_system for one in times)
        )

    def resident(self) -> int:
        """Resident bytes."""
        return sum(process.memory_info().rss for process in self.processes())


@dataclass(frozen=True, slots=True)
class Peer:
    """`slow`: gets one round, without the million events, since those would take ten minutes."""

    name: str
    start: Callable[[str, Path], contextlib.AbstractContextManager[Relay]]
    installed: Callable[[], bool]
    version: Callable[[], str]
    slow: bool = False


@contextlib.contextmanager
def started_on(core: int, starting: contextlib.AbstractContextManager[Relay]) -> Iterator[Relay]:
    """Starts a relay on `core`; the caller stays on its own core."""
    with contextlib.ExitStack() as stack:
        with on_core(core):
            relay = stack.enter_context(starting)
        yield relay


@contextlib.contextmanager
def spawned(
    command: list[str], url: str, health: str, **environ: str
) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.NamedTemporaryFile(prefix="bench-", suffix=".log") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environ}, stdout=log, stderr=log
        )
        try:
            wait_for(url + health, process, Path(log.name), START_SECONDS)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def running_engine() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with spawned(
        [sys.executable, "-m", "benchmarks.relay.engine", str(port)], url, "/health"
    ) as process:
        yield url, process


@contextlib.contextmanager
def nginx(engine: str, folder: Path) -> Iterator[Relay]:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(folder=folder, engine=engine.removeprefix("http://"), port=port), "utf-8"
    )
    url = f"http://127.0.0.1:{port}"
    with spawned(
        ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(config)], url, "/health"
    ) as process:
        yield Relay("nginx", url, process, load.same_bytes, spare=True)


@contextlib.contextmanager
def router(engine: str, folder: Path) -> Iterator[Relay]:
    port, metrics = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        str(BIN / "vllm-router"), "--worker-urls", engine, "--host", "127.0.0.1", "--port", str(port), "--policy",
        "round_robin", "--prometheus-host", "127.0.0.1", "--prometheus-port", str(metrics), "--log-level", "error",
    ]  # fmt: skip
    with spawned(command, url, "/health") as process:
        yield Relay("vllm-router", url, process, load.same_bytes)


@contextlib.contextmanager
def litellm(engine: str, folder: Path) -> Iterator[Relay]:
    port = free_port()
    config = folder / "litellm.yaml"
    config.write_text(LITELLM.format(model=script.MODEL, engine=engine, key=load.KEY), "utf-8")
    url = f"http://127.0.0.1:{port}"
    command = [
        str(BIN / "litellm"),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environ = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
    }
    with spawned(command, url, "/health/liveliness", **environ) as process:
        yield Relay("LiteLLM", url, process, load.same_text)


@contextlib.contextmanager
def gateway(engine: str, folder: Path) -> Iterator[Relay]:
    """All features on: key, rate limit, admission, accounting, metrics, request log to a file.

    Its database has its tables already, as at every start but the first.
    """
    settings = {
        "ENGINE": "cpu", "READER_URL": "", "MODEL_NAME": script.MODEL, "API_KEYS": f"bench:{load.KEY}", "ANONYMOUS_NETWORKS": "",
        "RATE_LIMIT_KEY": PLENTY, "MAX_CONCURRENT": "4096", "ENGINE_STATUS_FILE": "", "LOG_LEVEL": "info", "LOG_FORMAT": "json",
    }  # fmt: skip
    with running_gateway(engine, folder, **settings):
        pass
    with running_gateway(engine, folder, "benchmarks.open_gateway", **settings) as started:
        wait_for(started.url + "/readyz")
        yield Relay("SightDesk", started.url, started.process, load.same_bytes)


def installed_version(package: str) -> str:
    shown = subprocess.run(
        [
            str(BIN / "python"),
            "-c",
            f"import importlib.metadata as m; print(m.version('{package}'))",
        ],
        capture_output=True,
        text=True,
    )
    return shown.stdout.strip()


def nginx_version() -> str:
    return (
        subprocess.run(["nginx", "-v"], capture_output=True, text=True)
        .stderr.strip()
        .rpartition("/")[2]
    )


PEERS = (
    Peer("nginx", nginx, lambda: shutil.which("nginx") is not None, nginx_version),
    Peer(
        "vllm-router",
        router,
        (BIN / "vllm-router").exists,
        lambda: installed_version("vllm-router"),
    ),
    Peer(
        "LiteLLM",
        litellm,
        (BIN / "litellm").exists,
        lambda: installed_version("litellm"),
        slow=True,
    ),
    Peer("SightDesk", gateway, lambda: True, lambda: "this tree"),
)
