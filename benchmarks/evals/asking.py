"""Asks a desk as the page does: `POST /api/chat` with uploads, history and corrections."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from scripts.evals.cases import Case, CaseError, Turn
from scripts.evals.judging import Answer
from tests.support.paths import ROOT, SCREENS

PICTURES = ROOT / "evals" / "pictures"
ANSWER_SECONDS = 180
TRIES = 20  # of a request that the rate limit refuses


class Customer:
    """A visitor of the page: a cookie of its own, or the holder of a key."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        if key:
            self._session.headers["authorization"] = f"Bearer {key}"

    def engine(self) -> str:
        """The name of the engine that answers, as `/api/config` gives it."""
        config = self._request("GET", "/api/config").json()
        engine = config.get("engine")
        return str(engine.get("name") or engine.get("model")) if isinstance(engine, dict) else ""

    def ask(self, case: Case) -> Iterator[Answer]:
        """The answer of each turn, in one conversation. A fault becomes the answer's `error`."""
        conversation: str | None = None
        messages: list[dict[str, Any]] = []
        images: list[str] = []  # the case's pictures, as corrections name them
        for turn in case.turns:
            answer = Answer()
            started = time.perf_counter()
            messages.append(message(turn, []))
            try:
                uploaded = [self.upload(picture(name)) for name in turn.images]
                messages[-1] = message(turn, uploaded)
                body: dict[str, Any] = {"messages": messages}
                if conversation:
                    body["conversation_id"] = conversation
                if turn.corrections:
                    body["corrections"] = corrected(turn, images)
                started = time.perf_counter()
                conversation = self.read(body, answer, started) or conversation
                images += [each for each in named_images(answer) or uploaded if each not in images]
            except requests.RequestException as error:
                answer.error = f"{type(error).__name__}: {error}"
            answer.seconds = time.perf_counter() - started
            messages.append({"role": "assistant", "content": answer.text or "…"})
            yield answer

    def read(self, body: dict[str, Any], answer: Answer, started: float) -> str | None:
        """Fills `answer` from the stream. Returns the conversation's id."""
        conversation = None
        with self._request("POST", "/api/chat", json=body, stream=True) as response:
            for event in events(response):
                if fault := event.get("error"):
                    answer.error = str(fault.get("message", fault))
                extras = event.get("sightdesk") or {}
                conversation = (extras.get("conversation") or {}).get("id") or conversation
                take_extras(extras, answer)
                for choice in event.get("choices") or ():
                    piece = (choice.get("delta") or {}).get("content") or ""
                    if piece and not answer.text:
                        answer.first_token = time.perf_counter() - started
                    answer.text += piece
        return conversation

    def upload(self, path: Path) -> str:
        given = {"file": (path.name, path.read_bytes())}
        return str(self._request("POST", "/api/files", files=given).json()["id"])

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:
        """Waits where the rate limit says so. Raises requests.HTTPError with the desk's message."""
        for _ in range(TRIES):
            response = self._session.request(
                method, self._url + path, timeout=ANSWER_SECONDS, **more
            )
            if response.status_code != 429:
                break
            time.sleep(int(response.headers.get("retry-after", "5")))
        if response.status_code >= 400:
            raise requests.HTTPError(f"{path}: {response.status_code} {response.text[:200]}")
        return response


def message(turn: Turn, files: list[str]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "file", "file": {"file_id": file}} for file in files]
    if turn.say:
        parts.insert(0, {"type": "text", "text": turn.say})
    return {"role": "user", "content": parts if files else turn.say or "…"}


def named_images(answer: Answer) -> list[str]:
    """The pictures of the answer's readings, each once."""
    named = (str(reading.get("image", "")) for reading in answer.readings)
    return [image for image in dict.fromkeys(named) if image]


def corrected(turn: Turn, images: list[str]) -> list[dict[str, str]]:
    return [
        {"image": images[each.image - 1], "name": each.name, "value": each.value}
        for each in turn.corrections
        if each.image <= len(images)  # it may not have been read
    ]


def take_extras(extras: dict[str, Any], answer: Answer) -> None:
    """The assistant's extras (contract, section 3). Newer ones replace older ones of their kind."""
    if "citations" in extras:
        answer.citations = extras["citations"]
    if "outcome" in extras:
        answer.outcome = str(extras["outcome"])
    if "reading" in extras:  # tells of all pictures of the turn
        answer.readings = [reading for reading in extras["reading"] if reading]
    tool = extras.get("tool") or {}
    if tool.get("status") == "done":  # it was told as "running" before
        answer.tools.append(str(tool.get("name", "")))
        answer.asked.append((answer.tools[-1], tool.get("arguments") or {}))
    if confirm := extras.get("confirm"):
        answer.actions.append(confirm.get("action") or confirm)


def events(response: requests.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])
        if line == b"data: [DONE]":
            return


def picture(name: str) -> Path:
    """The file `name` of evals/pictures or of examples/screens, with or without its ending."""
    for folder in (PICTURES, SCREENS):
        for path in (folder / name, *sorted(folder.glob(f"{name}.*"))):
            if path.is_file():
                return path
    raise CaseError(f"there is no picture {name!r} in evals/pictures or examples/screens")


def check_pictures(cases: list[Case]) -> None:
    """Raises CaseError where a case names a picture that is missing, or corrects one that it has
    not sent."""
    for case in cases:
        sent = 0
        for number, turn in enumerate(case.turns, 1):
            place = f"{case.file}: case {case.name!r}: turn {number}"
            for name in turn.images:
                try:
                    picture(name)
                except CaseError as error:
                    raise CaseError(f"{place}: images: {error}") from error
            sent += len(turn.images)
            for each in turn.corrections:
                if not 1 <= each.image <= sent:
                    raise CaseError(f"{place}: corrections: image {each.image} of {sent}")
