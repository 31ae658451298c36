"""Puts what a JSON Schema refers to in place of each `$ref`, so that a schema is a bounded tree."""

from typing import Any
from urllib.parse import unquote

from gateway.connectors.problems import Place, Wrong

MAX_DEPTH = 24
MAX_NODES = 3_000


def inlined(schema: Any, root: Any) -> Any:
    """A copy of the schema. `root`: the document that `#/…` points into.

    Raises Wrong for a reference that leaves the document, points nowhere or contains itself, and
    for a schema that is too large.
    """
    return _Copy(root).of(schema, (), ())


class _Copy:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._nodes = 0

    def of(self, node: Any, place: Place, inside: tuple[str, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Wrong(f"the schema has more than {MAX_NODES} parts", *place)
        if len(place) > MAX_DEPTH:
            raise Wrong(f"the schema is nested deeper than {MAX_DEPTH} levels", *place[:MAX_DEPTH])
        if isinstance(node, list):
            return [self.of(one, (*place, at), inside) for at, one in enumerate(node)]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in inside:
                raise Wrong(f"{reference[:100]} contains itself, which is not supported", *place)
            try:
                target = pointed(self._root, reference)
            except Wrong as wrong:
                raise wrong.under(*place) from None
            beside = {name: part for name, part in node.items() if name != "$ref"}
            node = {**target, **beside} if isinstance(target, dict) else target
            return self.of(node, place, (*inside, reference))
        return {name: self.of(one, (*place, name), inside) for name, one in node.items()}


def pointed(root: Any, reference: str) -> Any:
    """What `#/a/b` names in the document. Raises Wrong."""
    if not reference.startswith("#/"):
        raise Wrong(f"{reference[:100]} leaves the document, which is not supported")
    found = root
    for part in unquote(reference[2:]).split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise Wrong(f"{reference[:100]} points nowhere")
    return found
