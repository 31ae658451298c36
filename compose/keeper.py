"""Starts again what `docker kill` has ended (keeper.yml).

Docker takes that for a person's stop, whatever the restart policy says. What was really asked to stop, by SIGTERM or its own stop
signal, stays stopped, also where Docker had to kill it in the end.
"""

import json
import signal
import sys
from os import environ
from typing import Any

import httpx

SOCKET = environ.get("DOCKER_SOCKET", "/var/run/docker.sock")
KILL = "9"
ENDING = ("2", "3", "15")  # SIGINT, SIGQUIT, SIGTERM: whoever sends one wants an end; SIGHUP and SIGUSR1 are no stop
KEPT = ("always", "unless-stopped")  # restart policies of what is meant to run
ANSWER_SECONDS = 30.0  # a start takes seconds; the events have no time


class Keeper:
    """Follows the events of one Compose project's containers (Docker Engine API, /events)."""

    def __init__(self, docker: httpx.Client, project: str) -> None:
        self._docker = docker
        self._filters = json.dumps({"type": ["container"], "label": [f"com.docker.compose.project={project}"]})
        self._asked: set[str] = set()  # to stop, by a signal that can be heard
        self._killed: set[str] = set()

    def run(self) -> None:
        """Until the Docker engine ends. Raises HTTPError."""
        with self._docker.stream("GET", "/events", params={"filters": self._filters}, timeout=None) as events:
            events.raise_for_status()
            say("watching")
            for line in events.iter_lines():
                self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        container, told = event["Actor"]["ID"], event["Actor"]["Attributes"]
        if event["Action"] == "kill":
            if told["signal"] == KILL:
                self._killed.add(container)
            elif told["signal"] in ENDING:
                self._asked.add(container)
        elif event["Action"] == "die":
            if container in self._killed - self._asked:
                self._start(container, told["name"])
            self._killed.discard(container)
            self._asked.discard(container)

    def _start(self, container: str, name: str) -> None:
        found = self._docker.get(f"/containers/{container}/json")
        if found.status_code != httpx.codes.OK or found.json()["HostConfig"]["RestartPolicy"]["Name"] not in KEPT:
            return
        started = self._docker.post(f"/containers/{container}/start")
        # Whoever removes a container by force kills it first: it cannot be started any more.
        say(
            f"{name} was killed; " + ("started again" if started.is_success else f"not started: {started.text.strip()}")
        )


def say(words: str) -> None:
    print(f"keeper: {words}", flush=True)  # noqa: T201 - a container's log is what it prints


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    transport = httpx.HTTPTransport(uds=SOCKET)
    try:
        with httpx.Client(transport=transport, base_url="http://docker", timeout=ANSWER_SECONDS) as docker:
            Keeper(docker, environ["COMPOSE_PROJECT_NAME"]).run()
    except httpx.HTTPError as error:
        say(f"no Docker engine answers at {SOCKET} (DOCKER_SOCKET): {error}")
        return 1
    say("the Docker engine has ended")
    return 1


if __name__ == "__main__":
    sys.exit(main())
