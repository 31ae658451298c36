"""`python -m inference.lite`: HOST (127.0.0.1) and PORT (3002) from the environment."""

import os
import signal
import socket
import sys

import uvicorn

from inference.lite import malloc
from inference.lite.app import create_app


def main() -> int:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "3002"
    try:
        listener = socket.create_server((host, int(port)), backlog=512)
    except (OSError, ValueError) as error:
        print(f"lite: cannot listen on {host}:{port}: {error}; set PORT to a free one", file=sys.stderr)  # noqa: T201
        return 1
    malloc.configure()
    # uvicorn raises what stopped it once more when all is done: an orderly stop ends with 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    config = uvicorn.Config(create_app(), log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
