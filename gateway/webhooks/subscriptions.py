"""`webhooks.yaml`: who hears of which events."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from gateway.webhooks.event_types import TYPES

FILE = "webhooks.yaml"
MAX_SUBSCRIPTIONS = 32
MAX_URL = 2000  # characters
KEYS = frozenset(("url", "events", "secret"))
SECRET_BYTES = range(24, 65)  # as Standard Webhooks asks for
PREFIX = "whsec_"
VARIABLE = re.compile(r"\$\{([^}]{0,128})\}")
ALLOWED_NAME = re.compile(r"CONNECTOR_[A-Z0-9_]{1,100}")
TAKEN = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the file. It holds no value of the environment."""

    path: str
    line: int  # 1 is the first
    reason: str

    def as_json(self) -> dict[str, str | int]:
        return {"path": self.path, "line": self.line, "reason": self.reason}


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


class Wrong(Exception):
    """One entry, or the whole file, cannot be used."""

    def __init__(self, node: yaml.Node | None, reason: str) -> None:
        super().__init__(reason)
        self.line = node.start_mark.line + 1 if node is not None else 1
        self.reason = reason


def read_subscriptions(
    text: str, environ: Mapping[str, str]
) -> tuple[list[Subscription], list[Problem]]:
    """The entries that can be used, and what is wrong with the others."""
    found: dict[str, Subscription] = {}
    problems: list[Problem] = []
    try:
        entries = list(_entries(text))
    except Wrong as wrong:
        return [], [Problem(FILE, wrong.line, wrong.reason)]
    for entry in entries:
        try:
            made = _subscription(entry, environ)
            if made.id in found:
                raise Wrong(entry, "the same url stands here twice")
            found[made.id] = made
        except Wrong as wrong:
            problems.append(Problem(FILE, wrong.line, wrong.reason))
    return list(found.values()), problems


def _entries(text: str) -> Iterator[yaml.Node]:
    """The nodes of the list. Nodes are not built into values, so no alias can grow."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        wrong = Wrong(None, f"is not YAML: {error.problem}")
        wrong.line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise wrong from None
    except (yaml.YAMLError, RecursionError) as error:
        raise Wrong(None, f"is not YAML: {type(error).__name__}") from None
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise Wrong(root, "must be a list of {url, events, secret}")
    if len(root.value) > MAX_SUBSCRIPTIONS:
        raise Wrong(root, f"has more than {MAX_SUBSCRIPTIONS} entries")
    yield from root.value


def _subscription(entry: yaml.Node, environ: Mapping[str, str]) -> Subscription:
    if not isinstance(entry, yaml.MappingNode):
        raise Wrong(entry, "must be {url, events, secret}")
    given: dict[str, yaml.Node] = {}
    for key, value in entry.value:
        name = _text(key, "a key")
        if name not in KEYS or name in given:
            raise Wrong(
                key, f"{name[:40]} is no key here, or stands twice; keys: url, events, secret"
            )
        given[name] = value
    if missing := sorted(KEYS - set(given)):
        raise Wrong(entry, f"{missing[0]} is missing")
    url = _url(given["url"], environ)
    return Subscription(
        id=hashlib.sha256(url.encode()).hexdigest()[:32],
        url=url,
        events=_events(given["events"]),
        secret=_secret(given["secret"], environ),
    )


def _text(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag != TAKEN + "str":
        raise Wrong(node, f"{what} must be a text")
    return str(node.value)


def _url(node: yaml.Node, environ: Mapping[str, str]) -> str:
    url = _expanded(node, "url", environ)
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or len(url) > MAX_URL or not url.isascii() or not url.isprintable():
        raise Wrong(node, "url must be an http or https address")
    return url


def _events(node: yaml.Node) -> frozenset[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise Wrong(node, "events must be a list of types")
    for one in node.value:
        if (type_ := _text(one, "a type")) not in TYPES:
            raise Wrong(one, f"{type_[:60]} is no type; types: {', '.join(sorted(TYPES))}")
    return frozenset(str(one.value) for one in node.value)


def _secret(node: yaml.Node, environ: Mapping[str, str]) -> str:
    """Read from the environment only: a file of the repository is no place for a secret."""
    if not VARIABLE.fullmatch(_text(node, "secret")):
        raise Wrong(node, "secret must be ${CONNECTOR_…}: it is read from the environment")
    secret = _expanded(node, "secret", environ)
    try:
        size = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(PREFIX) or size not in SECRET_BYTES:
        raise Wrong(node, f"secret must be {PREFIX} and 24 to 64 bytes in Base64")
    return secret


def _expanded(node: yaml.Node, what: str, environ: Mapping[str, str]) -> str:
    """The text with its variables filled in."""

    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        if not ALLOWED_NAME.fullmatch(name):
            raise Wrong(node, f"{what} may name variables that begin with CONNECTOR_ only")
        if not environ.get(name):
            raise Wrong(node, f"{name} is not set")
        return environ[name]

    return VARIABLE.sub(value_of, _text(node, what))
