"""For `make up`: runs `docker compose up --wait` and prints the engine's progress line by line.

Ends it if the engine cannot start. Such an engine is restarted for ever, so Compose would wait for
ever.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

EVERY_SECONDS = 2
SAY_AGAIN_SECONDS = 60


def main(port: str, command: list[str]) -> int:
    started = time.time()
    compose = subprocess.Popen(command)
    said, said_at = "", 0.0
    try:
        while compose.poll() is None:
            engine = asked(f"http://127.0.0.1:{port}/readyz")
            if engine.get("phase") == "failed":
                # A failure from before this start may be fixed by now.
                if (engine.get("since") or 0) > started:
                    compose.terminate()
                    compose.wait()
                    return 1
                engine = {}
            line = progress(engine)
            if line and (line != said or time.monotonic() - said_at >= SAY_AGAIN_SECONDS):
                said, said_at = line, time.monotonic()
                print(f"engine: {line}", flush=True)
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        compose.wait()
    return compose.returncode


def asked(url: str) -> dict[str, Any]:
    """`engine` of /readyz; empty if there is no response yet."""
    try:
        try:
            answer = urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError as error:  # 503, with the same body
            answer = error
        with answer:
            return dict(json.load(answer)["engine"])
    except (OSError, ValueError, KeyError):
        return {}


def progress(engine: dict[str, Any]) -> str:
    percent = f" {engine['percent']} %" if engine.get("percent") is not None else ""
    detail = f": {engine['detail']}" if engine.get("detail") else ""
    return f"{engine.get('phase', '')}{percent}{detail}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
