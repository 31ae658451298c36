"""A real PostgreSQL on a free port, deleted at the end."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import free_port


@dataclass(frozen=True, slots=True)
class Postgres:
    port: int
    folder: Path
    fsync: bool = False  # tests do without: nothing there outlives the machine
    options: str = ""  # of the server

    def url(self, scheme: str = "postgresql") -> str:
        return f"{scheme}://desk@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", *arguments)

    def start(self) -> None:
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync={'on' if self.fsync else 'off'}"
            f" -c unix_socket_directories={self.folder} {self.options}"
        )
        self.control("-l", str(self.folder / "log"), "-o", settings, "start")

    def run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*as_postgres, binary(program), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=90,
        )


def binary(name: str) -> str:
    """Debian keeps the server's programs out of PATH, by version."""
    found = shutil.which(name) or max(
        map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), default=""
    )
    assert found, f"{name} is missing: scripts/test-tools installs PostgreSQL"
    return found


@contextlib.contextmanager
def running_postgres(*, fsync: bool = False, options: str = "") -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="sightdesk-pg-") as name:
        folder = Path(name)
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        server = Postgres(free_port(), folder, fsync, options)
        server.run(
            "initdb",
            "-D",
            str(folder / "data"),
            "-U",
            "desk",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.control("-m", "immediate", "stop")
