"""One file of the connectors' folder: its tools, or what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from gateway.connectors.building import Workshop, at
from gateway.connectors.circuit import Circuit
from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.health import Health, HTTPHealth
from gateway.connectors.http_backend import build_http
from gateway.connectors.mcp_tools import MCPSystem
from gateway.connectors.openapi_tools import OpenAPISystem, RemoteDocument
from gateway.connectors.problems import Place, Problem, Wrong, line_of
from gateway.connectors.remote import Remote
from gateway.connectors.spec import NAME, FileSpec
from gateway.connectors.yaml_lines import Document, NotRead, read_document

MAX_PROBLEMS = 8  # of one file
KINDS = ("request", "openapi", "mcp")
MESSAGES = {"missing": "is missing", "extra_forbidden": "is no key of a connector"}


@dataclass(slots=True, eq=False)
class Source:
    """`remote`: a system that tells its own tools, which come later and change."""

    path: str
    digest: bytes = b""
    fixed_tools: tuple[DescribedTool, ...] = ()
    fixed_problems: tuple[Problem, ...] = ()
    remote: Remote | None = None
    health: Health | None = None
    lines: Mapping[Place, int] = field(default_factory=dict)

    @property
    def tools(self) -> tuple[DescribedTool, ...]:
        return self.fixed_tools + (self.remote.tools if self.remote else ())

    @property
    def problems(self) -> tuple[Problem, ...]:
        wrongs = self.remote.wrongs if self.remote else ()
        return self.fixed_problems + tuple(self.problem(wrong) for wrong in wrongs)

    def line(self, *place: str | int) -> int:
        return line_of(self.lines, place)

    def problem(self, wrong: Wrong) -> Problem:
        return Problem(self.path, line_of(self.lines, wrong.place), wrong.reason)


@dataclass(frozen=True, slots=True)
class Documents:
    """The OpenAPI documents of the folder: path → parsed. `wrong`: path → why it is not read."""

    parsed: Mapping[str, Any]
    wrong: Mapping[str, str]

    def get(self, path: str) -> Any:
        """Raises Wrong."""
        if path in self.parsed:
            return self.parsed[path]
        raise Wrong(self.wrong.get(path) or f"there is no file {path[:100]!r} in the folder")


def load(path: str, document: Document, documents: Documents, workshop: Workshop) -> Source:
    """`path`: `<name>.yaml`. Never raises for what is in the file."""
    source = Source(path, lines=document.lines)
    try:
        spec = _read_spec(path, document)
        _build(source, spec, documents, workshop)
    except Wrong as wrong:
        source.fixed_problems += (
            Problem(path, line_of(document.lines, wrong.place), wrong.reason),
        )
    except _Several as several:
        source.fixed_problems += several.problems
    return source


def unreadable(path: str, error: NotRead) -> Source:
    return Source(path, fixed_problems=(Problem(path, error.line, str(error)),))


def parse(data: bytes) -> Document:
    """Raises NotRead."""
    return read_document(data)


class _Several(Exception):
    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__()
        self.problems = problems


def _read_spec(path: str, document: Document) -> FileSpec:
    """Raises Wrong, _Several."""
    name = path.rpartition(".")[0]
    if not NAME.fullmatch(name):
        raise Wrong("its name must be small letters, digits and _, beginning with a letter")
    if not isinstance(document.value, dict):
        raise Wrong("must be a mapping: title, effect, parameters, request, …")
    try:
        spec = FileSpec.model_validate(document.value)
    except ValidationError as error:
        raise _Several(tuple(_problems(path, document, error))) from None
    named = [kind for kind in KINDS if getattr(spec, kind) is not None]
    if len(named) != 1:
        raise Wrong("needs exactly one of request, openapi and mcp", *named[1:2])
    return spec


def _problems(path: str, document: Document, error: ValidationError) -> list[Problem]:
    found = []
    for one in error.errors(include_input=False, include_url=False)[:MAX_PROBLEMS]:
        place = one["loc"]
        reason = MESSAGES.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in place)
        found.append(Problem(path, line_of(document.lines, place), f"{name}: {reason}"[:300]))
    return found


def _build(source: Source, spec: FileSpec, documents: Documents, workshop: Workshop) -> None:
    """Raises Wrong, with the place in the file."""
    circuit = Circuit()
    if spec.request is not None:
        _build_request(source, spec, workshop, circuit)
    elif spec.openapi is not None:
        _build_openapi(source, OpenAPISystem(spec, workshop, circuit), documents)
    else:
        source.remote = source.health = MCPSystem(spec, workshop, circuit)


def _build_request(source: Source, spec: FileSpec, workshop: Workshop, circuit: Circuit) -> None:
    tool, backend = build_http(source.path.rpartition(".")[0], spec, workshop, circuit)
    source.fixed_tools = (tool,)
    path = spec.health.path if spec.health else ""
    address, headers = backend.request.address, backend.request.headers
    source.health = HTTPHealth(workshop.caller, address, headers, path)


def _build_openapi(source: Source, system: OpenAPISystem, documents: Documents) -> None:
    named = system.openapi.document
    if named.startswith(("http://", "https://", "${")):
        remote = RemoteDocument(system)
        source.remote, source.health = remote, system.health(remote.address)
        return
    with at("openapi", "document"):
        document = documents.get(named.removeprefix("./"))
    source.fixed_tools, wrongs = system.build(document)
    source.fixed_problems += tuple(map(source.problem, wrongs))
    source.health = system.health(system.base_of(document))
