"""The tools of an MCP server that a file names."""

from dataclasses import dataclass
from typing import Any

from gateway.connectors.building import Workshop, at, build_tool, check_names
from gateway.connectors.circuit import Circuit
from gateway.connectors.described_tool import Call, DescribedTool
from gateway.connectors.health import Unwell
from gateway.connectors.http_call import Reply
from gateway.connectors.mcp_server import MCPServer
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
from gateway.connectors.request import read_address, read_headers
from gateway.connectors.schema_refs import inlined
from gateway.connectors.spec import FileSpec, OperationSpec
from gateway.connectors.templates import SPECIAL
from gateway.connectors.tool import Effect

LIST_SECONDS = 10.0
PLACE = "mcp.tools"


@dataclass(slots=True, eq=False)
class MCPBackend:
    server: MCPServer
    tool: str
    names: frozenset[str]

    def check(self, call: Call) -> None:
        self.server.headers(call.values)

    async def ask(self, call: Call) -> Reply:
        return await self.server.ask(self.tool, call)


class MCPSystem:
    """One file's server. Implements `Remote` and `Health`. Raises Wrong for what is wrong in the
    file itself."""

    def __init__(self, spec: FileSpec, workshop: Workshop, circuit: Circuit) -> None:
        assert spec.mcp is not None
        self._spec, self._workshop, self._mcp = spec, workshop, spec.mcp
        self._reads = frozenset((*spec.read, *spec.mcp.read))
        check_file(spec)
        check_reads(self._reads, spec.mcp.tools)
        if spec.health is not None:
            raise Wrong("an MCP server is asked for its tools instead", "health")
        with at("mcp", "url"):
            address = read_address(spec.mcp.url, workshop.environment)
            if address.names or address.query:
                raise Wrong("is an address without arguments and query")
        with at("headers"):
            headers = read_headers(spec.headers, workshop.environment)
            for name, template in headers:
                with at(name):
                    check_names(template.names, SPECIAL)
        self._server = MCPServer(address, headers, circuit, workshop.caller.ca_file)
        self._listed: dict[str, Any] | None = None  # None: it did not tell its tools
        self.is_new = True
        self.tools: tuple[DescribedTool, ...] = ()
        self.wrongs: tuple[Wrong, ...] = (_at_address("has not been asked for its tools yet"),)

    async def refresh(self) -> bool:
        listed = await self._server.list_tools(LIST_SECONDS)
        self.is_new = False
        if listed is None:
            self._listed = None
            self.wrongs = (_at_address("the system does not tell its tools; it is asked again"),)
            return False
        told = {tool.name: tool.model_dump(mode="json") for tool in listed}
        if told != self._listed:
            self._listed = told
            self.tools, self.wrongs = build_all(self._mcp.tools, PLACE, self._tool)
        return True

    async def unwell(self) -> Unwell | None:
        listed = await self._server.list_tools(LIST_SECONDS)
        return Unwell() if listed is None else None

    async def aclose(self) -> None:
        await self._server.aclose()

    def _tool(self, named: OperationSpec) -> DescribedTool:
        tool = (self._listed or {}).get(named.id)
        if tool is None:
            raise Wrong("the system has no tool of this name")
        effect: Effect = "read" if named.id in self._reads else "write"
        title = tool.get("title") or named.id
        behaviour = described(
            behaviour_of(self._spec, named, effect), title, tool.get("description") or title
        )
        given = tool.get("input_schema") or {}
        schema, fixed = schema_of(inlined(given, given), named, self._workshop)
        backend = MCPBackend(self._server, named.id, self._server.names)
        return build_tool(
            tool_name(named), effect, behaviour, schema, backend, self._workshop, fixed
        )


def _at_address(reason: str) -> Wrong:
    return Wrong(reason, "mcp", "url")
