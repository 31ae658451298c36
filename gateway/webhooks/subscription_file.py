"""Keeps the subscriptions of `webhooks.yaml` current while the gateway runs."""

from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import structlog

from gateway.server.regular_files import Stamp, read_whole, stamp_of
from gateway.webhooks.subscriptions import FILE, Problem, Subscription, read_subscriptions

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
            text = read_whole(self._path, MAX_BYTES).decode("utf-8-sig")
        except FileNotFoundError:
            self._stamp = None
            self._set([], [])
            return
        except (OSError, UnicodeDecodeError) as error:
            reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else _reason(error)
            self._note([Problem(FILE, 1, reason)])
            return
        self._stamp = stamp
        found, problems = read_subscriptions(text, self._environ)
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
                log.warning("webhooks_problem", **problem.as_json())
        self.problems = problems


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
