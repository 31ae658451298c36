"""1,000 guesses at one password in one run, and two users who go on meanwhile."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.nginx.test_guesses import LI, front_with_li
from tests.support.nginx import running_front

GUESSES, AT_ONCE = 1_000, 250
AT_FIRST, A_SECOND = 100, 5  # nginx/templates: `delay` and `rate`
RIGHT = "desk"
LONGEST_SECONDS = 2.0
ALLOWED = "127.0.0.0/8,10.0.0.0/8"


@dataclass(slots=True)
class User:
    """Somebody with the right password, who calls the API four times a second."""

    url: str
    auth: tuple[str, str]
    address: str
    stop: threading.Event
    seen: list[tuple[int, float]] = field(default_factory=list)  # status, seconds

    def work(self) -> None:
        headers = {"x-forwarded-for": self.address}
        with requests.Session() as session:
            while not self.stop.wait(0.25):
                began = time.monotonic()
                answer = session.get(self.url, auth=self.auth, headers=headers, timeout=60)
                self.seen.append((answer.status_code, time.monotonic() - began))


def guess(url: str, number: int) -> str:
    """Every hundredth guess is right, so that a refusal tells nothing of a password."""
    password = RIGHT if number % 100 == 99 else f"guess-{number}"
    headers = {"x-forwarded-for": "10.0.0.1"}
    answer = requests.get(url, auth=("agent", password), headers=headers, timeout=60)
    if answer.status_code == 429 and "Too many passwords" in answer.text:
        return "refused unread"
    return "tried" if answer.status_code in (401, 429) else str(answer.status_code)


def test_of_a_thousand_guesses_a_few_are_tried_and_others_work_on(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    front_with_li(tmp_path)
    nginx = {"FRONT_PROXIES": "127.0.0.1", "ALLOWED_IPS": ALLOWED}
    limits = {"RATE_LIMIT_IP": "5/minute", "ALLOWED_IPS": ALLOWED}  # as in production
    with running_front(tmp_path, nginx, **limits) as front:
        url, stop = front.url + "/api/config", threading.Event()
        users = [
            User(url, LI, "10.0.0.1", stop),  # at the address of the guesses
            User(url, ("agent", RIGHT), "10.0.0.2", stop),  # whose password is guessed at
        ]
        working = [threading.Thread(target=user.work) for user in users]
        for thread in working:
            thread.start()
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            seen = Counter(pool.map(lambda number: guess(url, number), range(GUESSES)))
        seconds = time.monotonic() - began
        stop.set()
        for thread in working:
            thread.join()
    tried = GUESSES - seen["refused unread"]
    told = {
        "seconds": round(seconds, 1),
        "tried": tried,
        "tried in the first minute at most": AT_FIRST + 60 * A_SECOND,
        "tried a minute later": 60 * A_SECOND,
        "users waited at most": round(max(took for user in users for _, took in user.seen), 2),
    }
    record_property("guesses", told)
    print(seen, told)
    assert tried <= AT_FIRST + A_SECOND * seconds + AT_FIRST
    for user in users:
        assert len(user.seen) > 10
        assert {status for status, _ in user.seen} == {200}
        assert max(took for _, took in user.seen) < LONGEST_SECONDS
