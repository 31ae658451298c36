"""`python -m gateway`: one process, settings from the environment."""

import contextlib
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from threading import Thread

import uvicorn

from gateway.app import create_app
from gateway.observability import logs
from gateway.server import process_memory
from gateway.server.protocol import LimitedHTTPProtocol
from gateway.settings import WrongSettings, load_settings

log = logging.getLogger("sightdesk")
SWITCH_SECONDS = 0.001  # after which a thread that parses a body lets the event loop in; Python's own 5 ms are a stall
SET_DUMPABLE = 4  # linux/prctl.h
END_SECONDS = 5  # after that, for what is left to end by itself
STOP_SECONDS = 30  # running streams may finish for so long after SIGTERM


def main() -> int:
    try:
        settings = load_settings()
    except WrongSettings as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    process_memory.configure()
    keep_to_itself()
    # uvicorn raises what stopped it once more when all is done: an orderly stop ends with 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    logs.configure(settings.log_level, settings.log_format)
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = f"{error.strerror}; set PORT to a free one"
        print(f"gateway: cannot listen on {where}: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    try:
        app = create_app(settings)
    except WrongSettings as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201
        return 2
    settle()
    config = uvicorn.Config(
        app,
        http=LimitedHTTPProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=75,
    )
    Server(config).run(sockets=[listener])
    return 0


class Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes everything. A task or thread that still hangs is ended with the process."""
        await super().shutdown(sockets)
        Thread(target=end_by_force, daemon=True).start()


def end_by_force() -> None:
    time.sleep(END_SECONDS)
    log.warning("ended_by_force")
    logging.shutdown()
    os._exit(0)


def keep_to_itself() -> None:
    """The environment and the memory hold secrets: no other process of the same user reads them under /proc, and no core dump has them."""
    with contextlib.suppress(OSError, AttributeError):  # another system has no such call
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 0, 0, 0, 0)


def settle() -> None:
    """What is built by now stays: the collector need not look at it again. A stream makes few cycles, and a full look in the middle
    of 256 streams holds them all up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    process_memory.use_huge_pages()
    sys.setswitchinterval(SWITCH_SECONDS)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything is built, so that a port in use is one clear line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


if __name__ == "__main__":
    sys.exit(main())
