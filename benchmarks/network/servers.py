"""The servers of a desk, each on a host of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.network.hosts import Host, Network
from tests.support.paths import ROOT
from tests.support.postgres import binary
from tests.support.servers import wait_for

PORT = 8000
HOSTS = ("users", "gateway-1", "gateway-2", "redis", "postgres", "engine-1", "engine-2")


@dataclass(frozen=True, slots=True)
class Desk:
    gateways: list[str]  # URLs
    logs: Path


@contextlib.contextmanager
def desk(network: Network) -> Iterator[Desk]:
    hosts = network.hosts
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightdesk-net-")))
        folder.chmod(0o755)
        stack.enter_context(postgres(hosts["postgres"], folder / "pg"))
        stack.enter_context(redis(hosts["redis"], folder))
        engines = [hosts["engine-1"], hosts["engine-2"]]
        for engine in engines:
            stack.enter_context(python(engine, "tests.support.fake_engine", {}, folder))
        settings = {
            "ENGINE": "cpu",
            "ENGINE_URLS": ",".join(f"http://{one.address}:{PORT}" for one in engines),
            "ENGINE_SEES": "1",
            "READER_URL": "",
            "FALLBACK_ENGINE_URL": "",
            "EMBEDDING_URL": "",
            "API_KEYS": "shop:sk-shop",
            "EMBED_SECRET": "secret-of-the-network-benchmark",
            "RATE_LIMIT_KEY": "100000/minute",
            "RATE_LIMIT_USER": "100000/minute",
            "RATE_LIMIT_API": "100000/minute",
            "RATE_LIMIT_STORAGE": f"redis://{hosts['redis'].address}:6379/0",
            "DATABASE_URL": f"postgresql://desk@{hosts['postgres'].address}:5432/postgres",
            "DATA_DIR": str(folder / "data"),
            "KNOWLEDGE_DIR": str(ROOT / "knowledge"),
            "CONNECTORS_DIR": str(folder / "connectors"),
            "FRONTEND_DIR": str(ROOT / "frontend"),
            "LOG_LEVEL": "warning",
        }
        gateways = [
            stack.enter_context(python(hosts[name], "gateway", settings, folder, "/readyz"))
            for name in ("gateway-1", "gateway-2")
        ]
        yield Desk(gateways, folder)


@contextlib.contextmanager
def python(
    host: Host, module: str, settings: dict[str, str], logs: Path, health: str = "/healthz"
) -> Iterator[str]:
    environ = {**os.environ, "HOST": host.address, "PORT": str(PORT), **settings}
    with (logs / f"{host.name}.log").open("wb") as log:
        process = subprocess.Popen(
            host.inside(sys.executable, "-m", module), cwd=ROOT, env=environ, stdout=log, stderr=log
        )
        try:
            url = f"http://{host.address}:{PORT}"
            wait_for(url + health)
            yield url
        finally:
            process.terminate()
            process.wait(40)


@contextlib.contextmanager
def redis(host: Host, logs: Path) -> Iterator[None]:
    command = ["redis-server", "--bind", host.address, "--protected-mode", "no", "--save", ""]
    with (logs / "redis.log").open("wb") as log:
        process = subprocess.Popen(host.inside(*command), cwd=logs, stdout=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def postgres(host: Host, folder: Path) -> Iterator[None]:
    folder.mkdir()
    shutil.chown(folder, "postgres")

    def run(program: str, *arguments: str) -> None:
        command = host.inside("runuser", "-u", "postgres", "--", binary(program), *arguments)
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=90)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "desk", "-A", "trust", "-E", "UTF8", "--no-sync")
    with (folder / "data" / "pg_hba.conf").open("a") as hba:
        hba.write("host all all 10.77.0.0/24 trust\n")
    options = f"-c listen_addresses={host.address} -c unix_socket_directories={folder}"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
