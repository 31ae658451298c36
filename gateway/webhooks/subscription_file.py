"""Keeps the subscriptions of `webhooks.yaml` current while the gateway runs."""

from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import structlog

from gateway.connectors.problems import Problem
from gateway.server.regular_files import Stamp, read_whole, stamp_of
from gateway.webhooks.subscriptions import FILE, Subscription, read_subscriptions

log = structlog.get_logger()
MAX_BYTES = 64 * 1024
START_SECONDS = 1.0


class SubscriptionFile:
    """`current` is replaced as a whole. A file that cannot be read leaves the last good entries;
    of one that can be read, the entries that are right serve."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Reads the file in a thread: a disk that hangs costs the start a second at most."""
        self._path = folder / FILE
        self._environ = environ
        self._stamp: Stamp | None = None
        self.current: tuple[Subscription, ...] = ()
        self.wanted: frozenset[str] = frozenset()
        self.problems: list[Problem] = []
        first = Thread(target=self.update, daemon=True)
        first.start()
        first.join(START_SECONDS)

    def update(self) -> None:
        """Reads the file again where it has changed. Call it from one thread at a time."""
        try:
            stamp = stamp_of(self._path.stat())
            if stamp == self._stamp:
                return
            data = read_whole(self._path, MAX_BYTES)
        except FileNotFoundError:
            self._stamp = None
            self._set([], [])
            return
        except OSError as error:
            self._note([Problem(FILE, 0, error.strerror or str(error))])
            return
        self._stamp = stamp
        found, problems = read_subscriptions(data, self._environ)
        if found or not problems:
            self._set(found, problems)
        else:
            self._note(problems)

    def _set(self, found: list[Subscription], problems: list[Problem]) -> None:
        self.current = tuple(found)
        self.wanted = frozenset(type_ for one in found for type_ in one.events)
        self._note(problems)

    def _note(self, problems: list[Problem]) -> None:
        for problem in problems:
            if problem not in self.problems:
                log.warning("webhooks_problem", **problem.told())
        self.problems = problems
