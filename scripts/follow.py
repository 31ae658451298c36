"""For `make up`: waits while `docker compose up --wait` runs, and says how far the engine is, a line a change."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

EVERY_SECONDS = 2
SAY_AGAIN_SECONDS = 60


def main(port: str, command: list[str]) -> int:
    compose = subprocess.Popen(command)
    said, said_at = "", 0.0
    try:
        while compose.poll() is None:
            line = progress(f"http://127.0.0.1:{port}/readyz")
            if line and (line != said or time.monotonic() - said_at >= SAY_AGAIN_SECONDS):
                said, said_at = line, time.monotonic()
                print(f"engine: {line}", flush=True)
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        compose.wait()
    return compose.returncode


def progress(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            engine = json.load(answer)["engine"]
    except urllib.error.HTTPError as error:
        try:
            engine = json.load(error)["engine"]
        except (ValueError, KeyError):
            return ""
    except (OSError, ValueError, KeyError):
        return ""
    percent = f" {engine['percent']} %" if engine.get("percent") is not None else ""
    detail = f": {engine['detail']}" if engine.get("detail") else ""
    return engine["phase"] + percent + detail


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
