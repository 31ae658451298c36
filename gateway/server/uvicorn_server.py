"""Serves the application with uvicorn, on the fast path or on the plain one (decision 006)."""

import logging
import os
import socket
import time
from collections.abc import Callable
from threading import Thread

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.server import limits
from gateway.server.http_protocol import LimitedHTTPProtocol

log = structlog.get_logger()


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket. Raises OSError, such as for a port in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def nothing() -> None:
    pass


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    fast_path: bool,
    before_stop: Callable[[], None] = nothing,
) -> None:
    """Serves `app` until SIGTERM or SIGINT. Then `before_stop` ends responses that have no end."""
    config = uvicorn.Config(
        app,
        http=LimitedHTTPProtocol if fast_path else "h11",
        h11_max_incomplete_event_size=limits.MAX_HEAD_BYTES,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=limits.STOP_SECONDS,
        timeout_keep_alive=limits.KEEP_ALIVE_SECONDS,
    )
    Server(config, before_stop).run(sockets=[listener])


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes everything. A task or thread that still hangs is ended with the process."""
        self._before_stop()
        await super().shutdown(sockets)
        Thread(target=_end_by_force, daemon=True).start()


def _end_by_force() -> None:
    time.sleep(limits.END_SECONDS)
    log.warning("ended_by_force")
    logging.shutdown()
    os._exit(0)
