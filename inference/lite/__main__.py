"""`python -m inference.lite`, with these settings from the environment:

HOST (127.0.0.1), PORT (3002) and LITE_SECONDS (5), which one answer may take beside reading its pictures.
"""

import math
import os
import signal
import socket
import sys

import uvicorn

from inference.lite import malloc
from inference.lite.app import create_app
from inference.lite.budget import SECONDS
from inference.lite.schema import FRAMES

# Health checks get their turn beside threads that work; Python's default is 5 ms.
SWITCH_SECONDS = 0.001


def main() -> int:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "3002"
    try:
        listener = socket.create_server((host, int(port)), backlog=512)
    except (OSError, ValueError) as error:
        reason = f"{error}; set PORT to a free one"
        print(f"lite: cannot listen on {host}:{port}: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    seconds = _seconds(os.environ.get("LITE_SECONDS") or str(SECONDS))
    if seconds is None:
        print("lite: LITE_SECONDS is a number of seconds above 0", file=sys.stderr)  # noqa: T201
        return 1
    sys.setswitchinterval(SWITCH_SECONDS)
    malloc.configure()
    sys.setrecursionlimit(FRAMES)
    # uvicorn raises what stopped it once more when all is done: an orderly stop ends with 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        create_app(seconds), log_level="warning", access_log=False, timeout_graceful_shutdown=5
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None


if __name__ == "__main__":
    sys.exit(main())
