"""What OpenAPI and MCP connectors share: tools that a system describes and a file names."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.connectors.arguments import ArgumentSchema
from gateway.connectors.building import Workshop, at, read_templates
from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.problems import Wrong
from gateway.connectors.spec import NAME, BehaviourSpec, FileSpec, OperationSpec
from gateway.connectors.templates import SPECIAL, Template
from gateway.connectors.tool import Effect

WRITES_ONLY = frozenset(("confirm", "idempotency", "current", "notify"))
OF_THE_FILE = frozenset(("confirm", "idempotency", "timeout", "retries"))
OF_REQUESTS = ("effect", "parameters", "result", "say", "current", "notify")
CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")
NO_LETTER = re.compile(r"[^a-z0-9]{1,200}")
MAX_DESCRIPTION = 2_000


def check_file(spec: FileSpec) -> None:
    """Raises Wrong for keys that belong to one tool, not to a file of several."""
    for key in OF_REQUESTS:
        if getattr(spec, key) is not None:
            raise Wrong("is said for one operation, below its id", key)


def build_all(
    operations: Iterable[OperationSpec], place: str, build: Callable[[OperationSpec], DescribedTool]
) -> tuple[tuple[DescribedTool, ...], tuple[Wrong, ...]]:
    """One that is wrong leaves the others. `place`: the list's own, in two keys with a dot."""
    tools: list[DescribedTool] = []
    wrongs: list[Wrong] = []
    for number, operation in enumerate(operations):
        try:
            with at(*place.split("."), number):
                tools.append(build(operation))
        except Wrong as wrong:
            wrongs.append(Wrong(f"{operation.id[:80]}: {wrong.reason}", *wrong.place))
    return tuple(tools), tuple(wrongs)


def check_reads(reads: Iterable[str], operations: Iterable[OperationSpec]) -> None:
    """Raises Wrong for a name under `read` that no operation has."""
    unknown = sorted(set(reads) - {one.id for one in operations})
    if unknown:
        raise Wrong(f"read: {unknown[0]!r} is none of the operations that are named", "read")


def tool_name(operation: OperationSpec) -> str:
    """`getInvoice` and `get-invoice` become get_invoice. Raises Wrong."""
    if operation.name:
        return operation.name
    spaced = CAPITAL.sub(lambda match: "_" + match[0], operation.id).lower()
    name = NO_LETTER.sub("_", spaced).strip("_")
    if not NAME.fullmatch(name):
        raise Wrong("its id makes no name; give it one: name: …")
    return name


def behaviour_of(file: FileSpec, operation: OperationSpec, effect: Effect) -> BehaviourSpec:
    """What the operation says, and for the rest what the file says of all."""
    said = {name: getattr(operation, name) for name in BehaviourSpec.model_fields}
    for name in OF_THE_FILE:
        if said[name] is None and (effect == "write" or name not in WRITES_ONLY):
            said[name] = getattr(file, name)
    return BehaviourSpec.model_construct(**said)


def described(behaviour: BehaviourSpec, title: str, description: str) -> BehaviourSpec:
    """With the system's own title and description where the file has none."""
    changes: dict[str, Any] = {}
    if behaviour.title is None and title:
        changes["title"] = {"zh": title[:200], "en": title[:200]}
    if behaviour.description is None and description:
        text = description[:MAX_DESCRIPTION]
        changes["description"] = {"zh": text, "en": text}
    return behaviour.model_copy(update=changes)


def schema_of(
    schema: Mapping[str, Any], operation: OperationSpec, workshop: Workshop
) -> tuple[ArgumentSchema, dict[str, Template]]:
    """The schema as the model gets it, and what is filled in beside it. Raises Wrong."""
    properties = dict(schema.get("properties") or {})
    for name in (*operation.fields, *operation.secret, *operation.fixed):
        if name not in properties:
            raise Wrong(f"there is no parameter {name!r}")
        if not isinstance(properties[name], dict):
            properties[name] = {}
    for name, field in operation.fields.items():
        properties[name] = {**properties[name], "x-field": field}
    for name in operation.secret:
        properties[name] = {**properties[name], "x-secret": True}
    with at("fixed"):
        fixed = read_templates(operation.fixed, workshop.environment, SPECIAL)
    for name in fixed:
        del properties[name]
    required = [name for name in schema.get("required") or [] if name not in fixed]
    seen = {**schema, "properties": properties, "required": required}
    return ArgumentSchema(seen), fixed
