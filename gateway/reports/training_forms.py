"""Training examples in the forms that libraries read: OpenAI's messages and ShareGPT's.

docs/records.md has an example of each.
"""

import base64
from typing import Any, Literal

from gateway.errors import FileNotFound, InvalidImage
from gateway.media.metadata_removal import strip_metadata
from gateway.reports.training_examples import Example, Said
from gateway.storage.file_records import StoredFile
from gateway.storage.file_store import FileStore

Form = Literal["openai", "sharegpt"]
Pictures = Literal["reference", "embedded"]
CLAUSES = "Answer from these clauses:\n\n"
REFERENCE = "sightdesk-file:"
UPRIGHT = 1


class TrainingForm:
    """Writes examples. Counts in `left_out` what could not be embedded: pictures that are gone, and
    those that are turned by their metadata, which never leaves the desk."""

    def __init__(self, files: FileStore, form: Form, pictures: Pictures) -> None:
        self._files = files
        self._form = form
        self._pictures = pictures
        self.left_out = 0

    def line(self, example: Example) -> dict[str, Any]:
        return self._openai(example) if self._form == "openai" else self._sharegpt(example)

    def _openai(self, example: Example) -> dict[str, Any]:
        """{messages}. Answers before the last one have `weight` 0: they are not to be learnt."""
        messages: list[dict[str, Any]] = []
        if example.evidence:
            messages.append({"role": "system", "content": _evidence(example)})
        for place, one in enumerate(example.said, 1):
            pictures = [
                {"type": "image_url", "image_url": {"url": url}} for url in self._urls(example, one)
            ]
            text: dict[str, Any] = {"type": "text", "text": one.text}
            content: Any = [*pictures, text] if pictures else one.text
            messages.append({"role": "user", "content": content})
            answer: dict[str, Any] = {"role": "assistant", "content": one.answer}
            messages.append(answer if place == len(example.said) else {**answer, "weight": 0})
        return {"messages": messages}

    def _sharegpt(self, example: Example) -> dict[str, Any]:
        """{conversations, system?, images}. `<image>` stands where a picture is."""
        conversations: list[dict[str, str]] = []
        images: list[str] = []
        for one in example.said:
            urls = self._urls(example, one)
            images += urls
            marks = "<image>" * len(urls)
            # A mark in a person's own words would be counted as a picture.
            text = one.text.replace("<image>", "< image >")
            conversations += (
                {"from": "human", "value": marks + text},
                {"from": "gpt", "value": one.answer.replace("<image>", "< image >")},
            )
        told: dict[str, Any] = {"conversations": conversations, "images": images}
        return {**told, "system": _evidence(example)} if example.evidence else told

    def _urls(self, example: Example, said: Said) -> list[str]:
        found = [self._url(example.owner, picture) for picture in said.pictures]
        return [url for url in found if url]

    def _url(self, owner: str, picture: StoredFile) -> str:
        """ "" for a picture that cannot be embedded."""
        if self._pictures == "reference":
            return REFERENCE + picture.id
        try:
            data = self._files.content_of_digest(owner, picture.id)
            stripped = strip_metadata(data, picture.content_type)
        except (FileNotFound, InvalidImage):
            self.left_out += 1
            return ""
        if stripped.orientation != UPRIGHT:
            self.left_out += 1
            return ""
        encoded = base64.b64encode(stripped.data).decode()
        return f"data:{picture.content_type};base64,{encoded}"


def _evidence(example: Example) -> str:
    return CLAUSES + "\n\n".join(example.evidence)
