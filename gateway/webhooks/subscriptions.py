"""`webhooks.yaml`: who hears of which events."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.connectors.environment import Environment
from gateway.connectors.problems import Problem, Wrong, line_of
from gateway.connectors.templates import parse
from gateway.connectors.yaml_lines import NotRead, read_yaml
from gateway.webhooks.event_types import TYPES

FILE = "webhooks.yaml"
MAX_SUBSCRIPTIONS = 32
MAX_URL = 2000  # characters
KEYS = ("url", "events", "secret")
SECRET_BYTES = range(24, 65)  # as Standard Webhooks asks for
PREFIX = "whsec_"
PLAIN = re.compile(r"[!-~]*")  # ASCII without spaces
VARIABLE = re.compile(r"\$\{[^{}]{0,128}\}")


@dataclass(frozen=True, slots=True, repr=False)
class Subscription:
    """`id`: the digest of the URL, which may hold a secret. Only `host` is shown."""

    id: str
    url: str
    events: frozenset[str]
    secret: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def read_subscriptions(
    data: bytes, environ: Mapping[str, str]
) -> tuple[list[Subscription], list[Problem]]:
    """The entries that can be used, and what is wrong with the others. A problem holds no value of
    the environment."""
    environment = Environment(environ)
    try:
        document = read_yaml(data)
        entries = _entries(document.value)
    except NotRead as error:
        return [], [Problem(FILE, error.line, str(error))]
    except Wrong as wrong:
        return [], [Problem(FILE, 1, wrong.reason)]
    found: dict[str, Subscription] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        try:
            made = _subscription(entry, environment)
            if made.id in found:
                raise Wrong("the same url is there twice", "url")
            found[made.id] = made
        except Wrong as wrong:
            line = line_of(document.lines, (number, *wrong.place))
            problems.append(Problem(FILE, line, wrong.reason))
    return list(found.values()), problems


def _entries(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Wrong("must be a list of {url, events, secret}")
    if len(value) > MAX_SUBSCRIPTIONS:
        raise Wrong(f"has more than {MAX_SUBSCRIPTIONS} entries")
    return value


def _subscription(entry: Any, environment: Environment) -> Subscription:
    if not isinstance(entry, dict):
        raise Wrong("must be {url, events, secret}")
    for key in entry:
        if key not in KEYS:
            raise Wrong(f"{key[:40]} is no key here; keys: {', '.join(KEYS)}", key)
    for key in KEYS:
        if key not in entry:
            raise Wrong(f"{key} is missing")
    url = _url(entry["url"], environment)
    return Subscription(
        id=hashlib.sha256(url.encode()).hexdigest()[:32],
        url=url,
        events=_events(entry["events"]),
        secret=_secret(entry["secret"], environment),
    )


def _url(value: Any, environment: Environment) -> str:
    url = _filled(value, "url", environment)
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or len(url) > MAX_URL or not PLAIN.fullmatch(url):
        raise Wrong("url must be an http or https address", "url")
    return url


def _events(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise Wrong("events must be a list of types", "events")
    for number, type_ in enumerate(value):
        if type_ not in TYPES:
            names = ", ".join(sorted(TYPES))
            raise Wrong(f"{str(type_)[:60]} is no type; types: {names}", "events", number)
    return frozenset(value)


def _secret(value: Any, environment: Environment) -> str:
    """Read from the environment only: a file of the repository is no place for a secret."""
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        raise Wrong("secret must be ${CONNECTOR_…}: it is read from the environment", "secret")
    secret = _filled(value, "secret", environment)
    try:
        size = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(PREFIX) or size not in SECRET_BYTES:
        raise Wrong(f"secret must be {PREFIX} and 24 to 64 bytes in Base64", "secret")
    return secret


def _filled(value: Any, key: str, environment: Environment) -> str:
    """The text with its variables filled in. There is nothing else to fill in."""
    if not isinstance(value, str):
        raise Wrong(f"{key} must be a text", key)
    try:
        template = parse(value, environment)
    except Wrong as wrong:
        raise wrong.under(key) from None
    if template.names:
        raise Wrong(f"{key} may name variables only: ${{CONNECTOR_…}}", key)
    return template.text({})
