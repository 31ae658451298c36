"""People at the page who go on asking while a part fails, and what each of them saw, and when."""

import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.support.visitor import events

ANSWERED = "answered"
NOT_KEPT = "answered, not kept"
PEOPLE = 6
PAUSE_SECONDS = 0.25  # nginx takes five passwords a second of one user and address
# Settings of nginx and of the gateway behind it: each person has an address of their own.
NGINX = {"FRONT_PROXIES": "127.0.0.1", "ALLOWED_IPS": "127.0.0.0/8,10.0.0.0/8"}
GATEWAY = {
    "ENGINE": "cpu",
    "READER_URL": "",
    "ANONYMOUS_NETWORKS": "",
    "API_KEYS": "shop:sk-shop",
    "PROXY_SECRET": "between-us",
    "TRUSTED_PROXIES": "127.0.0.0/8",
    "ALLOWED_IPS": "127.0.0.0/8,10.0.0.0/8",
}

Open = Callable[[], requests.Session]


@dataclass(frozen=True, slots=True)
class Seen:
    """One question: when it was asked and how long its answer took, in monotonic seconds."""

    at: float
    took: float
    what: str


@dataclass(slots=True)
class Crowd:
    seen: list[Seen] = field(default_factory=list)
    broken_at: float = 0.0

    def breaks(self) -> None:
        """From here on `report` counts."""
        self.broken_at = time.monotonic()

    def since(self, moment: float) -> list[Seen]:
        return [one for one in list(self.seen) if one.at >= moment]

    def saw(self, what: str, seconds: float = 30) -> float:
        """Waits until somebody asks from now on and sees this. Returns the seconds."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if any(one.what == what for one in self.since(began)):
                return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError(f"nobody saw {what!r} within {seconds:g} s: {self.report()}")

    def all_saw(self, what: str, seconds: float = 30) -> float:
        """Waits for three seconds in which all see this. Returns the seconds until they began."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            bad = [one.at + one.took for one in self.since(began) if one.what != what]
            quiet_from = max(bad, default=began)
            enough = len(self.since(quiet_from)) >= PEOPLE
            if enough and time.monotonic() - quiet_from > 3:
                return quiet_from - began
            time.sleep(0.1)
        raise AssertionError(f"not all saw {what!r} within {seconds:g} s: {self.report()}")

    def report(self) -> dict[str, str]:
        """What was seen since it broke → how often, from when to when, and the longest wait."""
        told: dict[str, list[Seen]] = {}
        for one in self.since(self.broken_at):
            told.setdefault(one.what, []).append(one)
        return {
            what: f"{len(ones)} times, {ones[0].at - self.broken_at:.1f} to "
            f"{max(one.at + one.took for one in ones) - self.broken_at:.1f} s, "
            f"at most {max(one.took for one in ones):.1f} s each"
            for what, ones in told.items()
        }


def people(**headers: str) -> Open:
    """Makes sessions of users whom nginx knows, each from another address."""
    numbers = itertools.count(1)

    def signed_in() -> requests.Session:
        session = requests.Session()
        session.auth = ("agent", "desk")
        session.headers.update({"x-forwarded-for": f"10.0.0.{next(numbers)}", **headers})
        return session

    return signed_in


@contextmanager
def asking(url: str, open_session: Open, text: str = "2+2") -> Iterator[Crowd]:
    """PEOPLE ask `/api/chat` at `url` again and again, until the block ends."""
    crowd, stop = Crowd(), threading.Event()

    def ask_on() -> None:
        with open_session() as session:
            while not stop.wait(PAUSE_SECONDS):
                began = time.monotonic()
                what = seen_by(session, url, text)
                crowd.seen.append(Seen(began, time.monotonic() - began, what))

    people = [threading.Thread(target=ask_on) for _ in range(PEOPLE)]
    for person in people:
        person.start()
    try:
        yield crowd
    finally:
        stop.set()
        for person in people:
            person.join()


def answers_kept(data: Path) -> int:
    """How many whole answers stand in the database of this DATA_DIR."""
    with closing(sqlite3.connect(data / "sightdesk.db")) as database:
        count = "SELECT count(*) FROM turns WHERE role = 'assistant' AND state = 'done'"
        return int(database.execute(count).fetchone()[0])


def seen_by(session: requests.Session, url: str, text: str) -> str:
    body = {"messages": [{"role": "user", "content": text}]}
    try:
        with session.post(url + "/api/chat", json=body, stream=True, timeout=60) as answer:
            if answer.status_code != 200:
                return f"{answer.status_code} {answer.json()['error']['code']}"
            return seen_in(list(events(answer)))
    except requests.exceptions.SSLError as error:
        return "certificate has expired" if "expired" in str(error) else f"TLS: {error}"
    except requests.RequestException as error:
        return type(error).__name__


def seen_in(told: list[dict[str, object]]) -> str:
    if errors := [event["error"] for event in told if "error" in event]:
        assert isinstance(errors[0], dict)
        return f"{errors[0]['code']} in the stream"
    if not any(event.get("choices") for event in told):
        return "an empty answer"
    [first, *_] = [event["sightdesk"] for event in told if "sightdesk" in event]
    assert isinstance(first, dict)
    return ANSWERED if first["conversation"]["turn"] else NOT_KEPT
