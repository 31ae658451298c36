"""What a connector's file may take from the environment: names that begin with CONNECTOR_."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.connectors.problems import Wrong

PREFIX = "CONNECTOR_"
NAME = re.compile(r"CONNECTOR_[A-Z0-9_]{1,100}")
SHORTEST_SECRET = 4  # characters; hiding shorter values would hide ordinary words
HIDDEN = "***"


class Environment:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._values = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        self.hide = Hide(_secrets_of(self._values.values()))

    def value(self, name: str) -> str:
        """Raises Wrong for a name that is not allowed or not set."""
        if not NAME.fullmatch(name):
            raise Wrong(f"${{{name[:100]}}}: only names that begin with {PREFIX} are filled in")
        text = self._values.get(name, "")
        if not text:
            raise Wrong(f"${{{name}}} is not set in the environment")
        return text


class Hide:
    """Replaces secrets in text from a system. `secrets` holds no empty ones."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def also(self, values: Iterable[object]) -> "Hide":
        """With the secret arguments of one call."""
        more = [str(value) for value in values if isinstance(value, str | int | float)]
        made = Hide(text for text in more if len(text) >= SHORTEST_SECRET)
        made._forms = tuple(sorted({*made._forms, *self._forms}, key=len, reverse=True))
        return made

    def text(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def value(self, value: Any) -> Any:
        """JSON with the secrets of its texts replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(one) for name, one in value.items()}
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._forms:
            return HIDDEN
        return value


def _secrets_of(values: Iterable[str]) -> list[str]:
    """Whole values, but of an address only its user and password."""
    found: list[str] = []
    for value in values:
        if value.startswith(("http://", "https://")):
            try:
                parts = urlsplit(value)
            except ValueError:
                parts = None
            found += [parts.username or "", parts.password or ""] if parts else [value]
        else:
            found.append(value)
    return [value for value in found if len(value) >= SHORTEST_SECRET]
