"""A real nginx with the project's own templates, before a real gateway and the fake engine."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.servers import Around, Running, free_port, running, running_gateway, wait_for

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass(frozen=True, slots=True)
class Front:
    url: str
    engine: Running
    gateway: Running
    folder: Path  # with access.log and error.log


def rendered(
    folder: Path,
    port: int,
    gateway_url: str,
    max_body_bytes: int = 1_000_000,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    around: Around = list,
    **more: str,
) -> Path:
    """Renders the templates as the container does, for this machine. Returns nginx.conf.
    `around`: as for servers, of the scripts."""
    etc = folder / "etc"
    (etc / "snippets").mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir()
    places = {
        "/etc/nginx/": f"{etc}/",
        "/usr/share/sightdesk/errors": str(ROOT / "nginx/errors"),
        "listen 80 default_server;": " ".join(
            f"listen {address}:{port} default_server;" for address in addresses
        ),
        "${MAX_BODY_BYTES}": str(max_body_bytes),
        "/dev/stdout": f"{folder}/access.log",
        "/tmp/nginx-errors.fifo": f"{folder}/error.log",
        "client_header_timeout 15s;": "client_header_timeout 1s;",  # in earnest fifteen
    }

    def place(text: str) -> str:
        for container, here in places.items():
            text = text.replace(container, here)
        return text

    for snippet in (ROOT / "nginx/snippets").glob("*.conf"):
        (etc / "snippets" / snippet.name).write_text(place(snippet.read_text()))
    site = place((ROOT / "nginx/templates/default.conf.template").read_text())
    temporary = " ".join(
        f"{kind}_temp_path {folder}/tmp/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""  # the test's own folder is its owner's alone
    configuration.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; {temporary}\n{site}\n}}\n"
    )
    settings = {
        "NGINX_ETC": str(etc),
        "NGINX_PAGE": str(ROOT / "frontend"),
        "BASIC_AUTH_USER": "agent",
        "BASIC_AUTH_PASSWORD": "desk",
        "PROXY_SECRET": "between-us",
        "ALLOWED_ORIGINS": "private,https://crm.example.com",
        "CERTIFICATE_SECONDS": "0",
        "NAMES_SECONDS": "0",
        "GATEWAY_ADDRESS": gateway_url.removeprefix("http://"),
        **more,
    }
    for script in ("30-users.sh", "31-names.sh", "35-certificate.sh", "36-page.sh"):
        subprocess.run(
            around(["sh", str(ROOT / "nginx/entrypoint" / script)]),
            env={"PATH": os.environ["PATH"], **settings},
            check=True,
        )
    return configuration


@contextmanager
def running_front(
    folder: Path, nginx: dict[str, str] | None = None, **more: str
) -> Iterator[Front]:
    """`nginx` are settings of nginx's container, the rest the gateway's."""
    settings = {
        "ENGINE": "cpu",
        "READER_URL": "",
        "ANONYMOUS_NETWORKS": "",
        "API_KEYS": "shop:sk-shop",
        "PROXY_SECRET": "between-us",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "ALLOWED_IPS": "127.0.0.0/8",
        "ALLOWED_ORIGINS": "private,https://crm.example.com",
        **more,
    }
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, folder, **settings) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        with nginx_before(gateway.url, folder, **(nginx or {})) as url:
            yield Front(url, engine, gateway, folder)


@contextmanager
def nginx_before(gateway_url: str, folder: Path, **nginx: Any) -> Iterator[str]:
    """nginx in front of a gateway that runs. Yields its URL. `nginx`: as for `rendered`."""
    port = free_port()
    configuration = rendered(folder, port, gateway_url, **nginx)
    url = f"http://127.0.0.1:{port}"
    with running_nginx(folder, configuration, url + "/healthz"):
        yield url


@contextmanager
def looking_up(folder: Path, gateway_url: str, around: Around) -> Iterator[None]:
    """Looks up the gateway for the nginx that runs in the folder, where it has a name. `around`: as
    for servers."""
    environ = {
        "PATH": os.environ["PATH"],
        "NGINX_ETC": str(folder / "etc"),
        "NGINX_RELOAD": f"{NGINX} -p {folder} -c {folder}/nginx.conf -s reload",
        "GATEWAY_ADDRESS": gateway_url.removeprefix("http://"),
    }
    command = around(["sh", str(ROOT / "nginx/entrypoint/31-names.sh")])
    script = subprocess.Popen(command, env=environ, start_new_session=True)
    try:
        assert script.wait(10) == 0
        yield
    finally:
        os.killpg(script.pid, signal.SIGKILL)


@contextmanager
def running_nginx(folder: Path, configuration: Path, health: str) -> Iterator[None]:
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(configuration)])
    try:
        wait_for(health, process, folder / "error.log")
        yield
    finally:
        process.terminate()
        process.wait(10)
