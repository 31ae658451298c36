"""A business system that speaks MCP, as a process: python -m tests.support.mcp_system.

Environment: PORT, STATE (a file that keeps the effects), GROWN=1 for one more tool.
"""

import asyncio
import os
from pathlib import Path

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

STATE = Path(os.environ["STATE"])
server = MCPServer("shop", version="1")


@server.tool(title="Track a parcel")
def track(waybill: str) -> dict[str, str]:
    """Where a parcel is."""
    if waybill == "unknown":
        raise ToolError("no such parcel")
    return {"status": f"{waybill} is in Hangzhou", "token": "sk-parcels-0123456789"}


@server.tool()
def plain(word: str) -> str:
    return f"you said {word}"


@server.tool()
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "late"


@server.tool()
def large() -> str:
    return "x" * 3_000_000


@server.tool()
async def cancel_order(order: str, user: str, context: Context) -> dict[str, str]:
    request = context.request_context.request
    key = request.headers.get("idempotency-key", "") if request is not None else ""
    with STATE.open("a") as file:
        file.write(f"{order} {user} {key}\n")
    if order == "dies":
        os._exit(9)
    if order == "shipped":
        raise ToolError("already shipped; phone 13812345678")
    return {"number": "C1"}


if os.environ.get("GROWN"):

    @server.tool()
    def grown() -> str:
        return "more"


if __name__ == "__main__":
    import uvicorn

    app = server.streamable_http_app(stateless_http=False)
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="error")
