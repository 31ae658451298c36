"""Customers of a desk in Docker who go on working while a container is killed or stopped, what
each of them saw and when, and what the desk has acknowledged."""

import contextlib
import itertools
import json
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.support.docker_stack import Stack
from tests.support.pictures import png
from tests.support.visitor import Visitor

WHOLE = "whole"
BY_LITE = "whole, by lite"
NOT_KEPT = "whole, not kept"
DONE = "done"
LOST = "connection lost"
ASKERS = 4
PAUSE_SECONDS = 0.3
RESUME_SECONDS = 10.0  # RESUME_GRACE
LONG = 60  # tokens
RAW_MODEL = "Qwen3-VL-2B"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of a customer; `at` in monotonic seconds."""

    role: str
    at: float
    took: float
    what: str


@dataclass(slots=True)
class Shop:
    stack: Stack
    seen: list[Seen] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)  # conversation, its question
    files: list[tuple[str, bytes]] = field(default_factory=list)  # id, content

    def since(self, moment: float) -> list[Seen]:
        return [one for one in list(self.seen) if one.at + one.took >= moment]

    def report(self, moment: float) -> dict[str, str]:
        """What each role saw since then: how often, and all but `whole` from when to when."""
        told: dict[str, str] = {}
        roles = itertools.groupby(sorted(self.since(moment), key=_role), key=_role)
        for role, group in roles:
            ones = list(group)
            parts = [f"{count} × {what}" for what, count in Counter(o.what for o in ones).items()]
            bad = [one for one in ones if one.what != WHOLE]
            if bad:
                last = max(one.at + one.took for one in bad) - moment
                parts.append(f"all whole after {last:.1f} s")
            parts.append(f"at most {max(one.took for one in ones):.1f} s each")
            told[role] = ", ".join(parts)
        return told

    def outcomes(self, role: str, start: float, end: float) -> set[str]:
        """Of the requests that ended between these two moments."""
        return {
            one.what for one in self.since(start) if one.role == role and one.at + one.took < end
        }

    def well(self, seconds: float) -> float:
        """Waits until each role has had two requests in a row, all of them whole. Returns the
        time when that began."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if (good := self._well_since(began)) is not None:
                return good
            time.sleep(0.2)
        raise AssertionError(f"not well within {seconds:g} s: {self.report(began)}")

    def _well_since(self, began: float) -> float | None:
        recent = [one for one in list(self.seen) if one.at >= began]
        bad = [one.at + one.took for one in recent if one.what != WHOLE]
        good_from = max(bad, default=began)
        counts = Counter(one.role for one in recent if one.at >= good_from)
        return good_from if all(counts[role] >= 2 for role in ROLES) else None


def _role(seen: Seen) -> str:
    return seen.role


def as_page(stack: Stack) -> Visitor:
    """Owner and limits are those of the key."""
    return Visitor(stack.url, stack.key)


@dataclass(slots=True)
class Stream:
    """What a reader has of an answer."""

    events: list[bytes] = field(default_factory=list)
    end: str = ""  # DONE, or the code of its error

    def read(self, answer: requests.Response) -> None:
        """Raises RequestException where the connection breaks."""
        for line in answer.iter_lines():
            if line.startswith(b'data: {"error"'):
                self.end = str(json.loads(line[6:])["error"]["code"])
            elif line == b"data: [DONE]":
                self.end = DONE
            elif line.startswith(b"data:"):
                self.events.append(line)

    def outcome(self) -> str:
        """Empty where it did not end."""
        return self.end and (WHOLE if self.end == DONE else f"{self.end} in the stream")

    def told(self, name: str) -> dict[str, Any]:
        """The extra of this name that came first, or {}."""
        for line in self.events:
            extras = json.loads(line[6:]).get("sightdesk", {})
            if name in extras:
                return dict(extras[name]) if isinstance(extras[name], dict) else extras
        return {}


def question(shop: Shop, me: Visitor) -> str:
    text = f"退货要几天? {uuid.uuid4().hex[:8]}"
    answer = me.begin(text, max_tokens=12)
    if not answer.ok:
        return code_of(answer)
    stream = Stream()
    stream.read(answer)
    if stream.end != DONE:
        return stream.outcome() or "a silent end"
    conversation = stream.told("conversation")
    if not conversation["turn"]:
        return NOT_KEPT
    shop.answers.append((conversation["id"], text))
    return BY_LITE if stream.told("degraded") else WHOLE


def long_answer(_: Shop, me: Visitor) -> str:
    answer = me.begin("hello", max_tokens=LONG, temperature=0, frequency_penalty=-2)
    if not answer.ok:
        return code_of(answer)
    stream = Stream()
    with contextlib.suppress(requests.RequestException):
        stream.read(answer)
    return stream.outcome() or f"broken, then {gone_on_with(stream, me)}"


def gone_on_with(stream: Stream, me: Visitor) -> str:
    """How it ended for a reader who asks for the rest, like the page."""
    what, until = LOST, time.monotonic() + RESUME_SECONDS
    while stream.events and time.monotonic() < until:
        path = f"/api/chat/{stream.told('answer')['id']}?from={len(stream.events)}"
        with contextlib.suppress(requests.RequestException):
            answer = me.call("GET", path, stream=True)
            if answer.ok:
                stream.read(answer)
            else:
                what = code_of(answer)
        if ended := stream.outcome():
            return ended
        time.sleep(0.5)
    return what


def upload(shop: Shop, me: Visitor) -> str:
    rows = (b"\0" + os.urandom(48) for _ in range(16))  # a filter, then 16 pixels
    data = png(16, 16, pixels=b"".join(rows))
    stored = me.call("POST", "/api/files", files={"file": ("dot.png", data)})
    if not stored.ok:
        return code_of(stored)
    shop.files.append((stored.json()["id"], data))
    return WHOLE


def history(_: Shop, me: Visitor) -> str:
    answer = me.call("GET", "/api/conversations")
    return WHOLE if answer.ok else code_of(answer)


def raw_model(_: Shop, me: Visitor) -> str:
    messages = [{"role": "user", "content": "hello"}]
    body = {"model": RAW_MODEL, "messages": messages, "max_tokens": 4}
    answer = me.call("POST", "/v1/chat/completions", json=body)
    return WHOLE if answer.ok else code_of(answer)


ROLES: dict[str, Callable[[Shop, Visitor], str]] = {
    "questions": question,
    "long answers": long_answer,
    "uploads": upload,
    "history": history,
    "raw model": raw_model,
}


def code_of(answer: requests.Response) -> str:
    with contextlib.suppress(ValueError, KeyError):
        return f"{answer.status_code} {answer.json()['error']['code']}"
    return str(answer.status_code)


@contextlib.contextmanager
def open_shop(stack: Stack) -> Iterator[Shop]:
    """Customers work until the block ends."""
    shop, closed = Shop(stack), threading.Event()
    at_work = [*ROLES, *["questions"] * (ASKERS - 1)]

    def work(role: str) -> None:
        me = as_page(stack)
        while not closed.wait(PAUSE_SECONDS):
            began = time.monotonic()
            try:
                what = ROLES[role](shop, me)
            except requests.RequestException as error:
                what = type(error).__name__ if isinstance(error, requests.Timeout) else LOST
            shop.seen.append(Seen(role, began, time.monotonic() - began, what))

    with ThreadPoolExecutor(len(at_work)) as pool:
        running = [pool.submit(work, role) for role in at_work]
        try:
            yield shop
        finally:
            closed.set()
    for one in running:
        one.result()


def lost(shop: Shop) -> list[str]:
    """What was acknowledged and is not there any more."""
    me = as_page(shop.stack)
    gone = []
    for conversation, text in shop.answers:
        found = me.call("GET", f"/api/conversations/{conversation}")
        turns = found.json()["messages"] if found.ok else []
        if [one["state"] for one in turns[1:]] != ["done"] or text not in str(turns[0]):
            gone.append(f"{conversation}: {found.status_code} {turns}")
    for identity, data in shop.files:
        kept = me.call("GET", f"/api/files/{identity}/content")
        if not kept.ok or kept.content != data:
            gone.append(f"{identity}: {kept.status_code}, {len(kept.content)} bytes")
    return gone
