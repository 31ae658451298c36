"""`make demo`: runs the embedded engine, the example business, the gateway and the page here.

Ctrl-C or SIGTERM stops all of them.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60
VECTOR_SECONDS = 45
STOP_SECONDS = 35


class Stop(Exception):
    pass


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    port = int(os.environ.get("PORT") or 8000)
    lite_port, business_port = free_ports(2)
    children: list[subprocess.Popen[bytes]] = []
    try:
        settings = gateway_settings(port, lite_port)
        if not os.environ.get("CONNECTORS_DIR"):
            token = secrets.token_urlsafe(24)
            children.append(start_business(business_port, token, settings["DATA_DIR"]))
            settings |= connector_settings(business_port, token)
        shared = {name: settings[name] for name in ("KNOWLEDGE_DIR", "LOG_LEVEL", "LOG_FORMAT")}
        lite = start("inference.lite", {"PORT": str(lite_port), **shared})
        children.append(lite)
        children.append(start("gateway", settings))
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", children)
        if "CONNECTOR_BUSINESS_URL" in settings:
            wait_until_ready(f"{settings['CONNECTOR_BUSINESS_URL']}/healthz", children)
        wait_for_vectors(f"http://127.0.0.1:{port}/readyz")
        print(f"SightDesk is ready: http://127.0.0.1:{port}/chat.html", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        print(
            "demo: a process of SightDesk ended; see its last lines above.",
            file=sys.stderr,
        )
        return 1
    except Stop:
        return 0
    finally:
        end(children)


def gateway_settings(port: int, lite_port: int) -> dict[str, str]:
    """The demo's settings. Variables of the environment override them."""
    data = os.environ.get("DATA_DIR") or str(ROOT / "data")
    lite = f"http://127.0.0.1:{lite_port}"
    defaults = {
        "ENGINE": "lite",
        "ENGINE_URLS": lite,
        "READER_URL": lite,
        "FALLBACK_ENGINE_URL": lite,
        "ANONYMOUS_NETWORKS": "127.0.0.0/8,::1/128",
        "RATE_LIMIT_IP": "60/minute",
        "RATE_LIMIT_USER": "60/minute",
        "STAFF_ANONYMOUS": "1",
        "KNOWLEDGE_DIR": str(ROOT / "knowledge"),
        "DATA_DIR": data,
        "DATABASE_URL": f"sqlite:///{data}/sightdesk.db",
        "FRONTEND_DIR": str(ROOT / "frontend"),
        "LOG_LEVEL": "warning",
        "LOG_FORMAT": "text",
    }
    return {
        **{name: os.environ.get(name) or value for name, value in defaults.items()},
        "PORT": str(port),
    }


def start_business(port: int, token: str, data: str) -> subprocess.Popen[bytes]:
    """Its data stays in DATA_DIR, so that what was done once is known after a restart."""
    folder = str(Path(data).resolve() / "business")
    return start(
        "examples.business", {"PORT": str(port), "BUSINESS_TOKEN": token, "DATA_DIR": folder}
    )


def connector_settings(port: int, token: str) -> dict[str, str]:
    """What the gateway needs to ask the example business."""
    return {
        "CONNECTORS_DIR": str(ROOT / "examples" / "business" / "connectors"),
        "CONNECTOR_BUSINESS_URL": f"http://127.0.0.1:{port}",
        "CONNECTOR_BUSINESS_TOKEN": token,
    }


def start(module: str, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    # In a session of its own, a child gets Ctrl-C only from us: in order, and once.
    environ = {**os.environ, **settings, "HOST": "127.0.0.1"}
    return subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env=environ, start_new_session=True
    )


def wait_until_ready(url: str, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if any(child.poll() is not None for child in children):
            raise SystemExit(1)  # the child has printed the reason
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"demo: not ready after {READY_SECONDS} s")


def wait_for_vectors(url: str) -> None:
    """Until clauses are found by meaning too: the first questions would be answered by their words
    alone. Computed once, they are there at once at the next start. Without them the demo works."""
    deadline = time.monotonic() + VECTOR_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError, KeyError, ValueError):
            with urllib.request.urlopen(url, timeout=2) as answer:
                vectors = json.load(answer)["knowledge"]["vectors"]
            if vectors["state"] in ("ready", "off"):
                return
        time.sleep(0.1)


def end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_ports(count: int) -> list[int]:
    """Different ones: all are held until the last is found."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in probes]


def stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise Stop


if __name__ == "__main__":
    sys.exit(main())
