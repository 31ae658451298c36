"""Starts again what `docker kill` has ended (docs/decisions/011-after-docker-kill.md).

Docker takes that for a person's stop, whatever the restart policy says. What was really asked to stop, by SIGTERM or its own stop
signal, stays stopped, also where Docker had to kill it in the end.

It holds Docker's socket, so it is Python's own library alone: no package of others runs beside it.
"""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from os import environ
from typing import Any
from urllib.parse import urlencode

SOCKET = environ.get("DOCKER_SOCKET", "/var/run/docker.sock")
KILL = "9"
ENDING = ("2", "3", "15")  # SIGINT, SIGQUIT, SIGTERM: whoever sends one wants an end; SIGHUP and SIGUSR1 are no stop
KEPT = ("always", "unless-stopped")  # restart policies of what is meant to run
ANSWER_SECONDS = 30.0  # a start takes seconds; the events have no time
AGAIN_SECONDS = 5.0
# `docker compose kill` ends the keeper too: what it ended together with it stays away.
START_SECONDS = 2.0


class Docker:
    """The Docker Engine API on its socket. Every call raises OSError or HTTPException where none answers."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        response = self._open(method, path, ANSWER_SECONDS)
        return response.status, response.read()

    def events(self, project: str) -> Iterator[dict[str, Any]]:
        """What happens to the containers of one Compose project, until the engine ends."""
        filters = {"type": ["container"], "label": [f"com.docker.compose.project={project}"]}
        response = self._open("GET", "/events?" + urlencode({"filters": json.dumps(filters)}), None)
        if response.status != HTTPStatus.OK:
            raise HTTPException(f"status {response.status}")
        return map(json.loads, response)

    def _open(self, method: str, path: str, seconds: float | None) -> HTTPResponse:
        connection = HTTPConnection("docker")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(seconds)
        connection.sock.connect(self._path)
        connection.request(method, path, headers={"Connection": "close"})
        return connection.getresponse()


class Keeper:
    def __init__(self, docker: Docker, project: str) -> None:
        self._docker = docker
        self._project = project
        self._asked: set[str] = set()  # to stop, by a signal that can be heard
        self._killed: set[str] = set()

    def run(self) -> None:
        """Until the Docker engine ends. Raises OSError, HTTPException."""
        events = self._docker.events(self._project)
        say("watching")
        for event in events:
            self._hear(event)

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
        time.sleep(START_SECONDS)
        status, found = self._docker.ask("GET", f"/containers/{container}/json")
        # Whoever removes a container by force kills it first: it is gone by now.
        if status != HTTPStatus.OK or json.loads(found)["HostConfig"]["RestartPolicy"]["Name"] not in KEPT:
            return
        status, words = self._docker.ask("POST", f"/containers/{container}/start")
        failure = "" if status < HTTPStatus.BAD_REQUEST else words.decode(errors="replace").strip()
        say(f"{name} was killed; " + (f"not started: {failure}" if failure else "started again"))


def say(words: str) -> None:
    print(f"keeper: {words}", flush=True)  # noqa: T201 - a container's log is what it prints


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    said = None
    while True:
        try:
            Keeper(Docker(SOCKET), environ["COMPOSE_PROJECT_NAME"]).run()
            said = None
            say("the Docker engine has ended")
        except (OSError, HTTPException) as error:
            if (reason := f"no Docker engine answers at {SOCKET} (DOCKER_SOCKET): {error}") != said:
                say(said := reason)
        time.sleep(AGAIN_SECONDS)


if __name__ == "__main__":
    main()
