"""What was asked: the messages, the pictures' readings, the clauses; and what the conversation already said."""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from inference.lite.errors import LiteError
from inference.lite.fields import fields_in
from inference.lite.reader import Reader
from inference.lite.reading import Field, Reading, from_json

CJK = re.compile(r"[\u2e80-\u9fff]")


@dataclass(slots=True)
class Turn:
    role: str
    text: str
    readings: list[Reading] = field(default_factory=list)
    tool_call_id: str | None = None


@dataclass(slots=True)
class Conversation:
    turns: list[Turn]
    # None where the engine was asked as the raw model.
    clauses: list[dict[str, Any]] | None

    @property
    def last_user(self) -> Turn:
        return next((turn for turn in reversed(self.turns) if turn.role == "user"), Turn("user", ""))

    @property
    def question(self) -> str:
        """With full-width marks made plain, so that patterns need only know one form."""
        return unicodedata.normalize("NFKC", self.last_user.text)

    @property
    def chinese(self) -> bool:
        text = self.question or "".join(turn.text for turn in self.turns)
        return bool(CJK.search(text)) or not text.strip()

    @property
    def readings(self) -> list[Reading]:
        return [reading for turn in self.turns for reading in turn.readings]

    def known_fields(self) -> list[Field]:
        """Every field that was said or shown, newest first: this turn's pictures, its words, then earlier turns'."""
        known: list[Field] = []
        for turn in reversed(self.turns):
            if turn.role in ("user", "tool"):
                known += [one for reading in turn.readings for one in reading.fields]
                known += fields_in(turn.text)
        return known


async def conversation_of(body: dict[str, Any], reader: Reader, owner: str = "") -> Conversation:
    """The conversation in an OpenAI body. Pictures that the gateway has not read are read here. Raises LiteError."""
    structured = body.get("sightdesk")
    structured = structured if isinstance(structured, dict) else None
    handed = list((structured or {}).get("readings") or [])
    turns = []
    for message in body["messages"]:
        turn = Turn(str(message["role"]), "", tool_call_id=message.get("tool_call_id"))
        for part in _parts(message.get("content")):
            if part.get("type") == "text":
                turn.text += ("\n" if turn.text else "") + str(part.get("text") or "")
            elif part.get("type") == "image_url":
                given = handed.pop(0) if handed else None
                turn.readings.append(from_json(given) if given else await reader.read(_image(part), owner))
        turns.append(turn)
    clauses = list(structured.get("clauses") or []) if structured is not None else None
    return Conversation(turns, clauses)


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise LiteError("content is a string or a list of parts.")
    return content


def _image(part: dict[str, Any]) -> bytes:
    url = (part.get("image_url") or {}).get("url")
    if not isinstance(url, str) or not url.startswith("data:") or ";base64," not in url[:200]:
        raise LiteError("A picture is a data URL with base64.", 400, "invalid_image")
    return decode_base64(url.partition(",")[2])


def decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise LiteError("The picture's base64 is damaged.", 400, "invalid_image") from None
