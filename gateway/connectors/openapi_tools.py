"""The operations of an OpenAPI document as tools; the document is a file or is fetched."""

import asyncio
from collections.abc import Sequence
from typing import Any

from gateway.connectors.building import Workshop, at, build_tool, check_names
from gateway.connectors.circuit import Circuit
from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.health import HTTPHealth
from gateway.connectors.http_backend import HTTPBackend
from gateway.connectors.openapi_document import BODY, Operation, checked, find, server_of
from gateway.connectors.operations import (
    behaviour_of,
    build_all,
    check_file,
    check_reads,
    described,
    schema_of,
    tool_name,
)
from gateway.connectors.problems import Wrong
from gateway.connectors.request import (
    Address,
    Prepared,
    RequestTemplate,
    Unfit,
    headers_of,
    read_address,
    read_headers,
)
from gateway.connectors.spec import FileSpec, OperationSpec
from gateway.connectors.templates import SPECIAL, Name, Template
from gateway.connectors.tool import Effect
from gateway.connectors.yaml_lines import NotRead, read_document

PLACE = "openapi.operations"
DOCUMENT_SECONDS = 10.0


class OpenAPISystem:
    """One file's system. Raises Wrong for what is wrong in the file itself."""

    def __init__(self, spec: FileSpec, workshop: Workshop, circuit: Circuit) -> None:
        assert spec.openapi is not None
        self.spec, self.workshop, self.circuit = spec, workshop, circuit
        self.openapi = spec.openapi
        self.reads = frozenset((*spec.read, *self.openapi.read))
        check_file(spec)
        check_reads(self.reads, self.openapi.operations)
        with at("headers"):
            self.headers = read_headers(spec.headers, workshop.environment)
            for name, template in self.headers:
                with at(name):
                    check_names(template.names, SPECIAL)
        self.base: Address | None = None
        if self.openapi.base is not None:
            with at("openapi", "base"):
                self.base = read_address(self.openapi.base, workshop.environment)
                if self.base.names or self.base.query:
                    raise Wrong("is an address without arguments")

    def build(
        self, document: Any, address: str = ""
    ) -> tuple[tuple[DescribedTool, ...], tuple[Wrong, ...]]:
        """`address`: the document's own; empty for a file. Raises Wrong."""
        with at("openapi", "document"):
            whole = checked(document)
            base = self.base or _base(whole, address)
        return build_all(self.openapi.operations, PLACE, lambda one: self._tool(whole, base, one))

    def _tool(self, document: dict[str, Any], base: Address, named: OperationSpec) -> DescribedTool:
        given = frozenset(name.lower() for name, _ in self.headers)
        operation = find(document, named.id, given)
        effect: Effect = "read" if named.id in self.reads else "write"
        if effect == "read" and operation.method not in ("GET", "POST"):
            raise Wrong(f"it is {operation.method}, which writes; a read is GET or POST")
        behaviour = described(
            behaviour_of(self.spec, named, effect),
            operation.title or named.id,
            operation.description,
        )
        schema, fixed = schema_of(operation.schema, named, self.workshop)
        request = _request(operation, base, self.headers)
        for name in sorted(request.needed - SPECIAL):
            if name not in schema.required and name not in fixed:
                raise Wrong(f"{{{name}}} stands in the path and is no required parameter")
        backend = HTTPBackend(request, self.workshop.caller, self.circuit)
        name = tool_name(named)
        return build_tool(name, effect, behaviour, schema, backend, self.workshop, fixed)

    def health(self, base: Address | None) -> HTTPHealth | None:
        path = self.spec.health.path if self.spec.health else ""
        if base is None:
            return None
        return HTTPHealth(self.workshop.caller, base, self.headers, path)

    def base_of(self, document: Any, address: str = "") -> Address | None:
        try:
            return self.base or _base(checked(document), address)
        except Wrong:
            return None


def _base(document: dict[str, Any], address: str) -> Address:
    """Raises Wrong. A document from an address may not send calls to another host."""
    url = server_of(document, address)
    # A document is text from outside: its braces name nothing.
    text = url.replace("{", "{{").replace("}", "}}")
    try:
        base = read_address(text, _Nothing())
    except Wrong as wrong:
        raise Wrong(f"its server is no address ({wrong.reason}); set base") from None
    if address and base.origin != _origin(address):
        raise Wrong("its server is another host than the document's; set base to confirm it")
    return base


class _Nothing:
    """An environment that fills nothing in."""

    def value(self, name: str) -> str:
        raise Wrong("a document names no environment")


def _origin(address: str) -> str:
    return read_address(address.replace("{", "{{").replace("}", "}}"), _Nothing()).origin


def _request(
    operation: Operation, base: Address, headers: Sequence[tuple[str, Template]]
) -> RequestTemplate:
    """Raises Wrong."""
    segments = list(base.segments)
    while segments and not segments[-1].parts:
        segments.pop()
    own = read_address("http://path" + _marked(operation), _Nothing()).segments[1:]
    pick = {
        place: [name for name, where in operation.places.items() if where == place]
        for place in ("query", "header", BODY)
    }
    body: Any = None
    if operation.whole_body:
        body = _alone(BODY)
    elif pick[BODY]:
        body = {name: _alone(name) for name in pick[BODY]}
    named = tuple((name, _alone(name)) for name in pick["header"])
    return RequestTemplate(
        operation.method,
        Address(base.origin, (*(segments or [Template(())]), *own), ()),
        (*headers, *named),
        tuple((name, _alone(name)) for name in pick["query"]),
        body,
    )


def _marked(operation: Operation) -> str:
    """The path, in which only path parameters are placeholders. Raises Wrong."""
    path = operation.path
    for name, where in operation.places.items():
        if where == "path" and "{" + name + "}" not in path:
            raise Wrong(f"the path has no {{{name}}}")
    return path if path.startswith("/") else "/" + path


def _alone(name: str) -> Template:
    return Template((Name(name),))


class RemoteDocument:
    """An OpenAPI document that is fetched. Implements `Remote`."""

    def __init__(self, system: OpenAPISystem) -> None:
        """Raises Wrong."""
        self._system = system
        self.is_new = True
        self.tools: tuple[DescribedTool, ...] = ()
        self.wrongs: tuple[Wrong, ...] = (_document("has not been fetched yet"),)
        workshop = system.workshop
        with at("openapi", "document"):
            self.address = read_address(system.openapi.document, workshop.environment)
            if self.address.names:
                raise Wrong("is an address without arguments")
        self._request = RequestTemplate("GET", self.address)
        self._seen: bytes | None = None

    async def refresh(self) -> bool:
        is_well = await self._fetch()
        self.is_new = False
        return is_well

    async def _fetch(self) -> bool:
        try:
            prepared = self._request.fill({})
            sent = headers_of(self._system.headers, {}, plain=True)
        except Unfit as unfit:
            self.wrongs = (_document(str(unfit)),)
            return False
        caller = self._system.workshop.caller
        data = await caller.fetch(Prepared("GET", prepared.url, sent), DOCUMENT_SECONDS)
        if isinstance(data, str):
            self.wrongs = (_document(data),)
            return False
        if data != self._seen:
            await asyncio.to_thread(self._take, data, prepared.url)
            self._seen = data
        return True

    def _take(self, data: bytes, url: str) -> None:
        try:
            document = read_document(data).value
            self.tools, self.wrongs = self._system.build(document, url)
        except NotRead as error:
            self.wrongs = (_document(str(error)),)
        except Wrong as wrong:
            self.wrongs = (wrong,)

    async def aclose(self) -> None:
        """Nothing is open between two fetches."""


def _document(reason: str) -> Wrong:
    return Wrong(reason, "openapi", "document")
