"""The request that a connector's file describes, and one filled in for a call.

Scheme, host and port come from the file. An argument goes into one path segment, percent-encoded,
or into query, JSON and header values, and can add neither a segment nor a header.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from gateway.connectors.problems import Wrong
from gateway.connectors.templates import Name, Template, Values, as_text, parse

# Stand for placeholders while an address is split; private use, so they are in no address.
OPEN, CLOSE = "\ue000", "\ue001"
SAFE = "%:@!$&'()*+,;=-._~"  # of a path segment, RFC 3986; % because files may be encoded already
MAX_HEADER = 4_096  # bytes of one header's value
MAX_URL = 8_000
OURS = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "expect")
) | frozenset(("accept-encoding", "idempotency-key", "trailer", "keep-alive"))
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


Headers = tuple[tuple[bytes, bytes], ...]


class Unfit(Exception):
    """An argument cannot stand where the file puts it. `name` is its property."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it is sent."""

    method: str
    url: str
    headers: Headers
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """`origin`: scheme, user, host and port. `query`: what the file has behind the ?."""

    origin: str
    segments: tuple[Template, ...]
    query: tuple[tuple[str, Template], ...]

    @property
    def names(self) -> frozenset[str]:
        return _names([*self.segments, *(value for _, value in self.query)])

    def path(self, values: Mapping[str, Any]) -> str:
        """Raises Unfit."""
        return "/".join(_segment(template, values) for template in self.segments)


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """`body`: JSON whose texts are templates; None: there is no body."""

    method: str
    address: Address
    headers: tuple[tuple[str, Template], ...] = ()
    query: tuple[tuple[str, Template], ...] = ()
    body: Any = None

    @property
    def names(self) -> frozenset[str]:
        """Of all placeholders."""
        templates = [value for _, value in (*self.headers, *self.query)]
        return self.address.names | _names(templates) | _names(_templates_in(self.body))

    @property
    def needed(self) -> frozenset[str]:
        """Placeholders without which there is no address."""
        return _names(self.address.segments)

    def fill(self, values: Mapping[str, Any]) -> Prepared:
        """`values`: arguments and `caller.user`, …. Raises Unfit."""
        pairs = [
            pair
            for name, template in (*self.address.query, *self.query)
            for pair in _pairs(name, template, values)
        ]
        url = self.address.origin + self.address.path(values)
        url += "?" + urlencode(pairs, quote_via=quote) if pairs else ""
        if len(url) > MAX_URL:
            raise Unfit("the arguments", "they are too long for an address")
        headers = [*headers_of(self.headers, values)]
        content = None
        if self.body is not None:
            filled = _filled(self.body, values)
            content = json.dumps(filled, ensure_ascii=False, allow_nan=False).encode()
            if not any(name.lower() == b"content-type" for name, _ in headers):
                headers.append((b"Content-Type", b"application/json"))
        return Prepared(self.method, url, tuple(headers), content)


def read_address(text: str, environment: Values) -> Address:
    """Raises Wrong for what is no http(s) address, or has a placeholder in its host."""
    if OPEN in text or CLOSE in text:
        raise Wrong("has characters that no address has")
    parts = parse(text, environment).parts
    whole = "".join(
        part if isinstance(part, str) else f"{OPEN}{part.name}{CLOSE}" for part in parts
    )
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in whole):
        raise Wrong("has a space or control character")
    try:
        split = urlsplit(whole)
        port = split.port
    except ValueError:
        raise Wrong("is no address") from None
    if OPEN in split.scheme + split.netloc or whole.startswith(OPEN):
        raise Wrong("an argument cannot name the host; write it, or take it from ${CONNECTOR_…}")
    if split.scheme not in ("http", "https") or not split.hostname or port == 0:
        raise Wrong("must begin with http:// or https:// and a host")
    if split.fragment or whole.endswith("#"):
        raise Wrong("has a fragment (#…), which is never sent")
    segments = tuple(_restored(part) for part in split.path.split("/"))
    query = tuple(_query_pair(pair) for pair in split.query.split("&") if pair)
    return Address(f"{split.scheme}://{split.netloc}", segments, query)


def _query_pair(text: str) -> tuple[str, Template]:
    name, _, value = text.partition("=")
    if OPEN in name:
        raise Wrong("an argument cannot name a query parameter")
    template = _restored(value)
    parts = (unquote(part) if isinstance(part, str) else part for part in template.parts)
    return unquote(name), Template(tuple(parts))


def _restored(text: str) -> Template:
    """The template whose placeholders `read_address` has marked."""
    parts: list[Any] = []
    for at, piece in enumerate(text.split(OPEN)):
        name, closed, rest = piece.partition(CLOSE) if at else ("", "", piece)
        parts += [Name(name)] if closed else []
        parts += [rest] if rest else []
    return Template(tuple(parts))


def read_headers(
    headers: Mapping[str, str], environment: Values
) -> tuple[tuple[str, Template], ...]:
    """Raises Wrong, with the header's name as its place."""
    made = []
    for name, text in headers.items():
        if not name or set(name.lower()) - TOKEN:
            raise Wrong("is no name of a header", name)
        if name.lower() in OURS:
            raise Wrong("this header is set by the gateway", name)
        try:
            template = parse(text, environment)
        except Wrong as wrong:
            raise wrong.under(name) from None
        if any(isinstance(part, str) and not _printable(part) for part in template.parts):
            raise Wrong("has a control character", name)
        made.append((name, template))
    return tuple(made)


def headers_of(
    headers: Sequence[tuple[str, Template]], values: Mapping[str, Any], *, plain: bool = False
) -> Headers:
    """Filled in; with `plain` only those without placeholders. Raises Unfit."""
    return tuple(
        (name.encode("ascii"), header_value(name, template, values))
        for name, template in headers
        if not (plain and template.names)
    )


def header_value(name: str, template: Template, values: Mapping[str, Any]) -> bytes:
    """UTF-8, as most servers read it. Raises Unfit."""
    text = template.text(values)
    data = text.encode("utf-8", "replace")
    if not _printable(text) or len(data) > MAX_HEADER:
        named = next(iter(template.names), name)
        raise Unfit(named, "it has a line break, a control character or too much for a header")
    return data


def read_body(node: Any, environment: Values) -> Any:
    """The file's JSON with its texts as templates. Raises Wrong with the place inside of it."""
    if isinstance(node, str):
        return parse(node, environment)
    items = (
        enumerate(node)
        if isinstance(node, list)
        else node.items()
        if isinstance(node, dict)
        else ()
    )
    made = []
    for name, part in items:
        try:
            made.append((name, read_body(part, environment)))
        except Wrong as wrong:
            raise wrong.under(name) from None
    if isinstance(node, list):
        return [part for _, part in made]
    return dict(made) if isinstance(node, dict) else node


def _segment(template: Template, values: Mapping[str, Any]) -> str:
    made = []
    for part in template.parts:
        if isinstance(part, str):
            made.append(quote(part, safe=SAFE))
            continue
        text = as_text(values.get(part.name))
        _check_segment(part.name, text)
        made.append(quote(text, safe=""))
    joined = "".join(made)
    if template.names and joined in (".", "..", ""):
        raise Unfit(min(template.names), "it cannot stand in an address")
    return joined


def _check_segment(name: str, text: str) -> None:
    """Many servers decode a path before they split it, and some decode it twice."""
    decoded = unquote(unquote(text))
    if any(sign in decoded for sign in "/\\") or not _printable(decoded):
        raise Unfit(name, "it has a slash or a control character, which no address takes")
    if decoded.strip() in (".", "..") or not text:
        raise Unfit(name, "it cannot stand in an address")


def _printable(text: str) -> bool:
    return not any(ord(letter) < 32 or ord(letter) == 127 for letter in text)


def _pairs(name: str, template: Template, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An argument that is not given is left out; a list repeats the name."""
    if template.alone:
        value = values.get(template.alone)
        if value is None:
            return []
        parts: Sequence[Any] = value if isinstance(value, list) else [value]
        return [(name, as_text(part)) for part in parts]
    return [(name, template.text(values))]


def _filled(node: Any, values: Mapping[str, Any]) -> Any:
    """A text that is one placeholder becomes the argument itself, whatever its type."""
    if isinstance(node, Template):
        return values.get(node.alone) if node.alone else node.text(values)
    if isinstance(node, list):
        return [_filled(part, values) for part in node if not _absent(part, values)]
    if isinstance(node, dict):
        return {
            name: _filled(part, values) for name, part in node.items() if not _absent(part, values)
        }
    return node


def _absent(node: Any, values: Mapping[str, Any]) -> bool:
    return isinstance(node, Template) and bool(node.alone) and node.alone not in values


def _templates_in(node: Any) -> list[Template]:
    if isinstance(node, Template):
        return [node]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [template for part in parts for template in _templates_in(part)]


def _names(templates: Sequence[Template]) -> frozenset[str]:
    return frozenset(name for template in templates for name in template.names)
