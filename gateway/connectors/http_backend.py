"""A connector whose file describes one HTTP request."""

from dataclasses import dataclass, field, replace

from gateway.connectors.arguments import ArgumentSchema
from gateway.connectors.building import Workshop, at, build_tool, check_names
from gateway.connectors.circuit import Circuit
from gateway.connectors.described_tool import Call, DescribedTool
from gateway.connectors.http_call import HTTPCaller, Reply
from gateway.connectors.problems import Wrong
from gateway.connectors.request import RequestTemplate, read_address, read_body, read_headers
from gateway.connectors.spec import FileSpec, RequestSpec
from gateway.connectors.templates import ACTION, SPECIAL, parse
from gateway.connectors.tool import Refused


@dataclass(slots=True, eq=False)
class HTTPBackend:
    request: RequestTemplate
    caller: HTTPCaller
    circuit: Circuit
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = self.request.names

    def check(self, call: Call) -> None:
        self.request.fill(call.values)

    async def ask(self, call: Call) -> Reply:
        prepared = self.request.fill(call.values)
        if call.action_id:
            try:
                key = call.action_id.encode("ascii")
            except UnicodeEncodeError:
                return Refused("the action's id is no key", "invalid")
            prepared = replace(prepared, headers=(*prepared.headers, (b"Idempotency-Key", key)))
        return await self.caller.ask(prepared, call.limits, self.circuit)


def build_http(
    name: str, spec: FileSpec, workshop: Workshop, circuit: Circuit
) -> tuple[DescribedTool, HTTPBackend]:
    """Raises Wrong, with the place in the file."""
    assert spec.request is not None
    if spec.title is None:
        raise Wrong("title is missing")
    effect = spec.effect
    if effect is None:
        raise Wrong("effect is missing: read or write")
    if spec.read or spec.headers:
        raise Wrong("is for openapi and mcp", "read" if spec.read else "headers")
    if effect == "read" and not spec.result:
        raise Wrong("result is missing: a read keeps nothing else of the answer")
    with at("parameters"):
        schema = ArgumentSchema(spec.parameters or {})
        _check_property_names(schema)
    with at("request"):
        request = read_request(spec.request, workshop)
        _check_placeholders(request, schema, effect)
        _check_method(spec.request, effect)
    unused = sorted(schema.names - request.names)
    if unused:
        raise Wrong("the request does not use it", "parameters", "properties", unused[0])
    # A write without `result` keeps nothing; without paths the whole answer would be kept.
    behaviour = spec.model_copy(update={"result": spec.result or {}})
    backend = HTTPBackend(request, workshop.caller, circuit)
    return build_tool(name, effect, behaviour, schema, backend, workshop), backend


def read_request(spec: RequestSpec, workshop: Workshop) -> RequestTemplate:
    """Raises Wrong, with the place in `spec`."""
    environment = workshop.environment
    with at("url"):
        address = read_address(spec.url, environment)
    with at("headers"):
        headers = read_headers(spec.headers, environment)
    query = []
    for name, value in spec.query.items():
        with at("query", name):
            text = value if isinstance(value, str) else str(value).lower()
            query.append((name, parse(text, environment)))
    with at("json"):
        body = read_body(spec.json_, environment)
    return RequestTemplate(spec.method, address, headers, tuple(query), body)


def _check_placeholders(request: RequestTemplate, schema: ArgumentSchema, effect: str) -> None:
    known = schema.names | SPECIAL
    with at("url"):
        check_names(request.address.names, known)
    for place, pairs in (("headers", request.headers), ("query", request.query)):
        for name, template in pairs:
            with at(place, name):
                check_names(template.names, known)
    with at("json"):
        check_names(request.names, known)
    for name in sorted(request.needed - SPECIAL - frozenset(schema.required)):
        raise Wrong(f"{{{name}}} stands in the path, so it must be required", "url")
    if effect == "read" and ACTION in request.names:
        raise Wrong("{action.id} is for writes; this is a read")


def _check_method(spec: RequestSpec, effect: str) -> None:
    if effect == "write" and spec.method == "GET":
        raise Wrong("GET reads; a write is POST, PUT, PATCH or DELETE", "method")
    if effect == "read" and spec.method not in ("GET", "POST"):
        raise Wrong(f"{spec.method} writes; a read is GET or POST", "method")
    if spec.method == "GET" and spec.json_ is not None:
        raise Wrong("GET has no body; use query", "json")


def _check_property_names(schema: ArgumentSchema) -> None:
    for name in sorted(schema.names):
        if name in SPECIAL or any(sign in name for sign in "{}"):
            raise Wrong("cannot be the name of a parameter", "properties", name)
