"""For `make up`: runs `docker compose up --wait` and prints the engine's progress line by line.

Ends it if the engine, or another container, cannot start. Docker restarts such a container for
ever, so Compose would wait for ever.
"""

import json
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from scripts.checks.plan import output

EVERY_SECONDS = 2
SAY_AGAIN_SECONDS = 60
RESTARTS = 3  # of a container while it is waited for
COUNTS = "{{.Id}} {{.RestartCount}}"


def main(port: str, project: str, command: list[str]) -> int:
    """`project`: Compose's name of it."""
    started = time.time()
    before = restarts(project)
    compose = subprocess.Popen(command)
    said, said_at = "", 0.0
    try:
        while compose.poll() is None:
            if any(
                count - before.get(one, 0) >= RESTARTS for one, count in restarts(project).items()
            ):
                return ended(compose)
            engine = asked(f"http://127.0.0.1:{port}/readyz")
            if engine.get("phase") == "failed":
                # A failure from before this start may be fixed by now.
                if (engine.get("since") or 0) > started:
                    return ended(compose)
                engine = {}
            line = progress(engine)
            if line and (line != said or time.monotonic() - said_at >= SAY_AGAIN_SECONDS):
                said, said_at = line, time.monotonic()
                print(f"engine: {line}", flush=True)
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        compose.wait()
    return compose.returncode


def ended(compose: "subprocess.Popen[bytes]") -> int:
    compose.terminate()
    compose.wait()
    return 1


def restarts(project: str) -> dict[str, int]:
    """How often Docker has restarted each container of the project, by id."""
    of_project = f"label=com.docker.compose.project={project}"
    identities = output("docker", "ps", "-aq", "--filter", of_project).stdout.split()
    if not identities:
        return {}
    lines = output("docker", "inspect", "-f", COUNTS, *identities).stdout.splitlines()
    pairs = [line.split() for line in lines]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


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
