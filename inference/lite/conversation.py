"""A conversation: its messages, the readings of its pictures, the clauses for it."""

import asyncio
import base64
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from inference.lite.budget import SECONDS, Budget
from inference.lite.desk import Desk, desk_of
from inference.lite.embedding.meaning import Meaning
from inference.lite.errors import LiteError
from inference.lite.fields import fields_in
from inference.lite.language import language_of
from inference.lite.ocr_queue import OCRQueue
from inference.lite.reading import Field, Reading, from_json
from inference.lite.text import normal

MAX_SEARCHED = 20_000  # characters of one turn or picture in which fields are looked for
MAX_SEARCHED_IN_ALL = 65_536
PIECE = 1024 * 1024  # characters of base64: a multiple of 4


@dataclass(slots=True)
class Turn:
    """One message."""

    role: str
    text: str
    readings: list[Reading] = field(default_factory=list)
    tool_call_id: str | None = None
    fields: list[Field] | None = None  # in `text`; None until they were looked for


@dataclass
class Conversation:
    """The turns in order, oldest first."""

    turns: list[Turn]
    desk: Desk | None  # None if the engine is asked as the raw model
    budget: Budget = field(default_factory=Budget)
    meaning: Meaning | None = None  # None while the embedding models are loaded

    @cached_property
    def last_user(self) -> Turn:
        return next(
            (turn for turn in reversed(self.turns) if turn.role == "user"), Turn("user", "")
        )

    @cached_property
    def question(self) -> str:
        """The last user message, MAX_SEARCHED characters, in NFKC: patterns need one form only."""
        return normal(self.last_user.text[:MAX_SEARCHED])[:MAX_SEARCHED]

    @cached_property
    def clauses(self) -> list[dict[str, Any]]:
        """Best first."""
        return self.desk.clauses if self.desk else []

    @cached_property
    def chinese(self) -> bool:
        """Whether the answer is in Chinese: the language of the question.

        A question without words (a code, a number, nothing) has the language of the clauses that
        answer it, else of the question before, else of the page.
        """
        asked = [turn.text for turn in reversed(self.turns) if turn.role == "user"]
        quoted = [f"{clause.get('title')} {clause.get('text')}" for clause in self.clauses[:1]]
        for text in [*asked[:1], *quoted, *asked[1:]]:
            language = language_of(text)
            if language:
                return language == "zh"
        return not (self.desk and self.desk.locale.startswith("en"))

    @cached_property
    def readings(self) -> list[Reading]:
        return [reading for turn in self.turns for reading in turn.readings]

    def known_fields(self) -> list[Field]:
        """Every field of the conversation, best first.

        Newest first, and in a turn those of pictures first. What a person has corrected comes
        before all that was read, and after what the question itself says.
        """
        known: list[Field] = []
        left = MAX_SEARCHED_IN_ALL
        for turn in reversed(self.turns):
            self.budget.check()
            if turn.role not in ("user", "tool"):
                continue
            known += [one for reading in turn.readings for one in reading.fields]
            text = turn.text[: min(MAX_SEARCHED, left)]
            left -= len(text)
            if turn.fields is None:
                turn.fields = fields_in(text, self.budget)
            known += turn.fields
        corrected = [one for one in known if one.corrected]
        return [*(self.last_user.fields or []), *corrected, *known] if corrected else known


async def conversation_of(
    body: dict[str, Any], reader: OCRQueue, owner: str = "", seconds: float = SECONDS
) -> Conversation:
    """The conversation in an OpenAI body, with a budget of `seconds` from then on.

    Pictures that the gateway has not read are read first, in `owner`'s turn; the budget begins
    after that. Raises LiteError.
    """
    structured = body.get("sightdesk")
    structured = structured if isinstance(structured, dict) else None
    handed = iter((structured or {}).get("readings") or [])
    turns = []
    for message in body["messages"]:
        turn = Turn(str(message["role"]), "", tool_call_id=message.get("tool_call_id"))
        parts = _parts(message.get("content"))
        texts = [part.get("text") for part in parts if part.get("type") == "text"]
        turn.text = "\n".join(text for text in texts if text)
        for part in parts:
            if part.get("type") == "image_url":
                given = next(handed, None)
                if given:
                    turn.readings.append(from_json(given))
                else:
                    turn.readings.append(
                        await reader.read(await asyncio.to_thread(_image, part), owner)
                    )
        turns.append(turn)
    desk = desk_of(structured) if structured is not None else None
    return Conversation(turns, desk, Budget(seconds))


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise LiteError("content must be a string or a list of parts.")
    return content


def _image(part: dict[str, Any]) -> bytes:
    url = (part.get("image_url") or {}).get("url")
    if not isinstance(url, str) or not url.startswith("data:") or ";base64," not in url[:200]:
        raise LiteError("A picture must be a data URL with base64.", 400, "invalid_image")
    part["image_url"] = None  # frees a large text
    return decode_base64(url, url.index(",") + 1)


def decode_base64(text: str, start: int = 0) -> bytes:
    """The bytes that `text` holds from `start` on. Raises LiteError.

    Decoded in pieces, so that other threads run in between and little is copied.
    """
    made = bytearray()
    try:
        for at in range(start, len(text), PIECE):
            piece = text[at : at + PIECE]
            if "=" in piece and at + PIECE < len(text):
                raise ValueError
            made += base64.b64decode(piece, validate=True)
    except ValueError:
        raise LiteError("The picture's base64 is damaged.", 400, "invalid_image") from None
    return bytes(made)
