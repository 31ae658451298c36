"""The example screenshots as data URLs and as messages."""

import base64
from typing import Any

from tests.support.paths import SCREENS


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def screen(name: str) -> str:
    """The screenshot `name` of examples/screens as a data URL."""
    return data_url((SCREENS / f"{name}.png").read_bytes())


def picture_message(question: str, *urls: str) -> Any:
    """A user's message with the pictures after the question, as JSON and the SDK take it."""
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"role": "user", "content": [{"type": "text", "text": question}, *pictures]}
