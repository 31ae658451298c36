"""`python -m inference.lite`: the embedded engine. `settings.py` lists its settings."""

import contextlib
import os
import signal
import socket
import sys

import uvicorn

from inference.faults import Fault
from inference.lite import field_store, logs, process_memory
from inference.lite.app import create_app
from inference.lite.schema import FRAMES
from inference.lite.settings import Settings
from inference.log_lines import LogLines
from inference.request_log import RequestLog

# Health checks get their turn beside threads that work; Python's default is 5 ms.
SWITCH_SECONDS = 0.001
BACKLOG = 512
STOP_SECONDS = 5  # running answers may finish for so long after SIGTERM


def main() -> int:
    try:
        settings = Settings.read()
        listener = listen(settings)
    except Fault as fault:
        print(f"lite: {fault}", file=sys.stderr)  # noqa: T201 - before the log is set up
        return 1
    logs.configure(settings.log_format)
    sys.setswitchinterval(SWITCH_SECONDS)
    process_memory.configure()
    sys.setrecursionlimit(FRAMES)
    field_store.use(settings.knowledge_dir)
    # After its shutdown uvicorn raises the signal again. An ordinary exit would wait for threads
    # that load models, up to half a minute on a busy machine: Docker kills after ten seconds.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, leave)
    config = uvicorn.Config(
        RequestLog(
            create_app(settings.lite_seconds), LogLines(settings.log_level, settings.log_format)
        ),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def leave(*_: object) -> None:
    """Ends the process at once, after what it has logged."""
    with contextlib.suppress(RuntimeError):  # the signal came in the middle of a line
        sys.stdout.flush()
    os._exit(0)


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Raises Fault if the address is taken or unknown."""
    try:
        return socket.create_server((settings.host, settings.port), backlog=BACKLOG)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Fault(f"cannot listen on {where}: {error}; set PORT to a free one") from None


if __name__ == "__main__":
    sys.exit(main())
