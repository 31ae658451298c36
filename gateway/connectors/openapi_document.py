"""Finds operations in an OpenAPI document (3.0 and 3.1), and what they take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from pydantic import ValidationError

from gateway.connectors.problems import Wrong
from gateway.connectors.request import OURS
from gateway.connectors.schema_refs import inlined
from gateway.connectors.templates import SPECIAL

METHODS = ("get", "post", "put", "patch", "delete")
PLACES = ("path", "query", "header")
STYLES = {"path": "simple", "query": "form", "header": "simple"}
BODY = "body"  # the property that holds a body which is no plain object


@dataclass(slots=True)
class Operation:
    """`places`: property → where it goes. `whole_body`: the property `body` is the body itself."""

    method: str
    path: str
    title: str
    description: str
    schema: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)
    whole_body: bool = False


def checked(document: Any) -> dict[str, Any]:
    """Raises Wrong for what is no OpenAPI document."""
    # Imported here: openapi-pydantic takes memory that gateways without documents do not need.
    from openapi_pydantic import parse_obj

    if not isinstance(document, dict):
        raise Wrong("is no OpenAPI document")
    try:
        parse_obj(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Wrong(f"is no OpenAPI 3 document: {place}: {first['msg']}"[:300]) from None
    except RecursionError:
        raise Wrong("is nested too deeply") from None
    return document


def server_of(document: Mapping[str, Any], address: str) -> str:
    """Where the operations are, with the variables' defaults; empty where it does not say.
    `address`: the document's own, or empty."""
    servers = document.get("servers")
    first: Any = servers[0] if isinstance(servers, list) and servers else None
    server: dict[str, Any] = first or {"url": address and "/"}
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace("{" + name + "}", str(variable.get("default", "")))
    return urljoin(address, url)


def find(
    document: Mapping[str, Any], operation_id: str, given: frozenset[str] = frozenset()
) -> Operation:
    """`given`: headers that the file sets, in small letters; they are no parameters. Raises
    Wrong."""
    for path, item in (document.get("paths") or {}).items():
        if not isinstance(item, dict):
            continue
        for method in METHODS:
            raw = item.get(method)
            if isinstance(raw, dict) and raw.get("operationId") == operation_id:
                shared = item.get("parameters") or []
                return _operation(document, path, method, raw, shared, given)
    raise Wrong("the document has no operation with this id")


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    raw: dict[str, Any],
    shared: list[Any],
    given: frozenset[str],
) -> Operation:
    made = Operation(
        method.upper(),
        path,
        str(raw.get("summary") or ""),
        str(raw.get("description") or raw.get("summary") or ""),
        {"type": "object", "properties": {}, "required": []},
    )
    own = [inlined(one, document) for one in raw.get("parameters") or []]
    named = {(one.get("name"), one.get("in")) for one in own}
    others = [inlined(one, document) for one in shared]
    for parameter in (*(one for one in others if (one["name"], one["in"]) not in named), *own):
        if not (parameter["in"] == "header" and str(parameter["name"]).lower() in given):
            _add_parameter(made, parameter)
    if "requestBody" in raw:
        _add_body(made, inlined(raw["requestBody"], document))
    return made


def _add_parameter(made: Operation, parameter: Mapping[str, Any]) -> None:
    name, where = str(parameter.get("name")), str(parameter.get("in"))
    required = bool(parameter.get("required"))
    schema = parameter.get("schema")
    if where == "header" and name.lower() in (*OURS, "authorization", "accept", "content-type"):
        return
    usual = schema is not None and parameter.get("style", STYLES.get(where)) == STYLES.get(where)
    is_object = isinstance(schema, dict) and schema.get("type") == "object"
    is_joined = (
        isinstance(schema, dict)
        and schema.get("type") == "array"
        and (where != "query" or parameter.get("explode") is False)
    )
    if where not in PLACES or not usual or is_object or is_joined:
        if required:
            raise Wrong(f"the parameter {name!r} ({where}) has a form that is not supported")
        return
    _add_property(made, name, where, schema, required, parameter.get("description"))


def _add_property(
    made: Operation, name: str, where: str, schema: Any, required: bool, description: Any
) -> None:
    if name in made.places or name in SPECIAL or any(sign in name for sign in "{}"):
        raise Wrong(f"the parameter {name!r} is there twice, or has a name that is not supported")
    part = modern(schema if isinstance(schema, dict) else {})
    if isinstance(description, str) and "description" not in part:
        part["description"] = description
    made.schema["properties"][name] = part
    made.places[name] = where
    if required:
        made.schema["required"].append(name)


def _add_body(made: Operation, body: Mapping[str, Any]) -> None:
    content = body.get("content") or {}
    media = content.get("application/json")
    if media is None:
        if body.get("required"):
            raise Wrong("its body is not JSON, which is not supported")
        return
    schema = modern(media.get("schema") or {})
    properties = schema.get("properties")
    is_plain = schema.get("type", "object") == "object" and isinstance(properties, dict)
    if not is_plain or set(properties or ()) & made.places.keys() or "allOf" in schema:
        made.whole_body = True
        _add_property(made, BODY, BODY, schema, bool(body.get("required")), None)
        return
    required = schema.get("required") or []
    for name, part in (properties or {}).items():
        if isinstance(part, dict) and part.get("readOnly"):
            continue
        _add_property(made, name, BODY, part, name in required, None)


def modern(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema: `nullable`, and bounds that say true."""
    if isinstance(schema, list):
        return [modern(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        name: part if name in ("enum", "const", "default", "example", "examples") else modern(part)
        for name, part in schema.items()
    }
    if made.pop("nullable", None) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:
            made[exclusive] = made.pop(bound)
    return made
