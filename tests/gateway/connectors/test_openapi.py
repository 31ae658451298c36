"""Operations of OpenAPI documents, served by a real FastAPI app."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import uvicorn
from fastapi import Body, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, Field
from structlog.testing import capture_logs

from gateway.connectors.openapi_document import modern
from gateway.connectors.tool import Done, Refused, WrongArguments
from tests.support.connectors import CUSTOMER, environ_of, opened, reasons_of, tool_of, write
from tests.support.servers import free_port

FILE = """
title: {zh: 发票, en: Invoices}
openapi:
  document: DOCUMENT
  operations:
    - {id: getInvoice, fields: {number: invoice_number}, result: {status: $.status}, fixed: {customer: "{caller.user}"}}
    - id: redLetter
      title: {zh: 申请红字发票, en: Request a red-letter invoice}
      name: red_letter
read: [getInvoice]
headers: {X-Token: "${CONNECTOR_TOKEN}"}
idempotency: key
"""


MCP_FILE = "title: Shop\nmcp: {url: '${CONNECTOR_URL}/mcp', tools: [track]}\n"


class Request(BaseModel):
    reason: str = Field(min_length=2)
    amount: float | None = None


class Shop:
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.app = FastAPI()
        self.app.get("/invoices/{number}", operation_id="getInvoice")(self.invoice)
        self.app.post("/invoices/{number}/red", operation_id="redLetter")(self.red)

    async def invoice(
        self,
        number: str,
        customer: str,
        tags: Annotated[list[str] | None, Query()] = None,
        x_token: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """The state of an invoice."""
        self.seen.append({"number": number, "customer": customer, "tags": tags, "token": x_token})
        if number == "none":
            raise HTTPException(404, "no such invoice")
        return {"status": "issued", "internal": "not kept"}

    async def red(
        self,
        number: str,
        request: Annotated[Request, Body()],
        idempotency_key: Annotated[str, Header()],
    ) -> dict[str, str]:
        self.seen.append({"number": number, "reason": request.reason, "key": idempotency_key})
        return {"number": "RED-1"}


@pytest.fixture
def shop() -> Iterator[tuple[str, Shop]]:
    made, port = Shop(), free_port()
    config = uvicorn.Config(made.app, "127.0.0.1", port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}", made
    finally:
        server.should_exit = True
        thread.join(10)


async def check_both(folder: Path, url: str, shop: Shop) -> None:
    async with opened(folder, url) as connectors:
        watching = asyncio.create_task(connectors.watch())
        async with asyncio.timeout(20):
            while connectors.find("get_invoice") is None:
                await asyncio.sleep(0.05)
        assert reasons_of(connectors) == []
        read, red = tool_of(connectors, "get_invoice"), tool_of(connectors, "red_letter")
        assert (read.effect, red.effect, red.has_key) == ("read", "write", True)
        assert read.field_of == {"number": "invoice_number"}
        assert set(read.parameters["properties"]) == {"number", "tags"}
        assert read.needs_user
        assert red.title["zh"] == "申请红字发票"
        assert set(red.parameters["required"]) == {"number", "reason"}
        done = await read.call({"number": "A 1", "tags": ["x", "y"]}, CUSTOMER)
        assert done == Done({"status": "issued"})
        assert shop.seen[-1]["number"] == "A 1"
        assert shop.seen[-1]["customer"] == "mei"
        assert shop.seen[-1]["tags"] == ["x", "y"]
        assert shop.seen[-1]["token"] == environ_of(url)["CONNECTOR_TOKEN"]
        with pytest.raises(WrongArguments, match="customer"):
            read.check({"number": "A1", "customer": "somebody"})
        assert await read.call({"number": "none"}, CUSTOMER) == Refused("no such invoice")
        outcome = await red.call({"number": "A1", "reason": "wrong title"}, CUSTOMER, "act-1")
        assert outcome == Done({"number": "RED-1"})
        assert shop.seen[-1] == {"number": "A1", "reason": "wrong title", "key": "act-1"}
        assert (await connectors.health())[0]["ok"]
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_document_from_its_address(tmp_path: Path, shop: tuple[str, Shop]) -> None:
    url, made = shop
    write(tmp_path, invoices=FILE.replace("DOCUMENT", "${CONNECTOR_URL}/openapi.json"))
    await check_both(tmp_path, url, made)


async def test_nothing_is_logged_as_wrong_before_the_document_was_asked_for(
    tmp_path: Path, shop: tuple[str, Shop]
) -> None:
    write(tmp_path, invoices=FILE.replace("DOCUMENT", "${CONNECTOR_URL}/openapi.json"))
    with capture_logs() as logged:
        await check_both(tmp_path, shop[0], shop[1])
    assert [one for one in logged if one["event"] == "connector_problem"] == []


@pytest.mark.parametrize(
    "text", [FILE.replace("DOCUMENT", "${CONNECTOR_URL}/openapi.json"), MCP_FILE]
)
async def test_a_system_that_does_not_answer_is_logged_as_wrong_once(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, invoices=text)
    with capture_logs() as logged:
        async with opened(tmp_path, f"http://127.0.0.1:{free_port()}") as connectors:
            assert len(reasons_of(connectors)) == 1
            await connectors.refresh()
            await connectors.refresh()
    assert len([one for one in logged if one["event"] == "connector_problem"]) == 1


async def test_a_document_of_the_folder(tmp_path: Path, shop: tuple[str, Shop]) -> None:
    url, made = shop
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/erp.json").write_text(json.dumps(made.app.openapi()))
    text = FILE.replace("DOCUMENT", "documents/erp.json\n  base: ${CONNECTOR_URL}")
    write(tmp_path, invoices=text)
    await check_both(tmp_path, url, made)


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "x", "version": "1"},
    "servers": [{"url": "https://{host}/api/", "variables": {"host": {"default": "erp.example"}}}],
    "paths": {
        "/a/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True,
                 "schema": {"$ref": "#/components/schemas/Id"}}
            ],
            "put": {
                "operationId": "change",
                "requestBody": {"content": {"application/json": {
                    "schema": {"type": "array", "items": {"type": "integer"}}}}},
                "responses": {"200": {"description": "done"}},
            },
            "get": {
                "operationId": "deep",
                "parameters": [{"name": "filter", "in": "query", "required": True,
                                "style": "deepObject", "schema": {"type": "object"}}],
                "responses": {"200": {"description": "done"}},
            },
        }
    },
    "components": {"schemas": {"Id": {"type": "string", "nullable": True}}},
}  # fmt: skip


async def problems(folder: Path, text: str, document: Any = DOCUMENT) -> list[str]:
    (folder / "erp.json").write_text(json.dumps(document))
    write(folder, erp=text)
    async with opened(folder) as connectors:
        return reasons_of(connectors)


async def test_a_body_that_is_no_object_is_the_property_body(tmp_path: Path) -> None:
    text = "title: x\nopenapi: {document: erp.json, operations: [change]}\n"
    assert await problems(tmp_path, text) == []
    async with opened(tmp_path) as connectors:
        change = tool_of(connectors, "change")
        assert change.parameters["properties"]["id"] == {"type": ["string", "null"]}
        assert change.parameters["properties"]["body"]["type"] == "array"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{document: erp.json, operations: [gone]}", "no operation with this id"),
        ("{document: erp.json, operations: [deep]}", "a form that is not supported"),
        ("{document: erp.json, operations: [change], read: [change]}", "PUT, which writes"),
        ("{document: erp.json, operations: [change], read: [other]}", "none of the operations"),
        ("{document: ../../etc/passwd, operations: [change]}", "there is no file"),
        ("{document: gone.json, operations: [change]}", "there is no file"),
        ("{document: erp.json, operations: [{id: change, fixed: {x: y}}]}", "no parameter 'x'"),
    ],
)
async def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, reason: str) -> None:
    found = await problems(tmp_path, f"title: x\nopenapi: {text}\n")
    assert any(reason in one for one in found), found


@pytest.mark.parametrize(
    "document",
    [[], {}, {"openapi": "2.0"}, {**DOCUMENT, "paths": 3}, {**DOCUMENT, "servers": [{"url": "/"}]}],
)
async def test_what_is_no_document_is_named(tmp_path: Path, document: Any) -> None:
    text = "title: x\nopenapi: {document: erp.json, operations: [change]}\n"
    assert len(await problems(tmp_path, text, document)) == 1


async def test_one_wrong_operation_leaves_the_others(tmp_path: Path) -> None:
    text = "title: x\nopenapi: {document: erp.json, operations: [change, gone]}\n"
    assert len(await problems(tmp_path, text)) == 1
    async with opened(tmp_path) as connectors:
        assert connectors.find("change") is not None


async def test_a_document_from_an_address_cannot_send_calls_to_another_host(
    tmp_path: Path, shop: tuple[str, Shop]
) -> None:
    url, made = shop
    document = made.app.openapi()
    document["servers"] = [{"url": "http://evil.example"}]
    write(tmp_path, invoices=FILE.replace("DOCUMENT", "${CONNECTOR_URL}/openapi.json"))
    async with opened(tmp_path, url) as connectors:
        watching = asyncio.create_task(connectors.watch())
        async with asyncio.timeout(20):
            while not any("another host" in one for one in reasons_of(connectors)):
                await asyncio.sleep(0.05)
        assert connectors.find("get_invoice") is None
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def test_bounds_of_openapi_3_0_become_those_of_json_schema() -> None:
    assert modern({"minimum": 1, "exclusiveMinimum": True, "maximum": 9,
                   "exclusiveMaximum": False}) == {"exclusiveMinimum": 1, "maximum": 9}  # fmt: skip
    assert modern({"type": "string", "nullable": True, "enum": ["a"]}) == {
        "type": ["string", "null"],
        "enum": ["a", None],
    }
