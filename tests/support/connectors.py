"""Folders of connectors, and tools of them, for tests."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from textwrap import dedent

from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.tool import Identity
from gateway.observability.metrics import Metrics

TOKEN = "sk-parcels-0123456789"
CUSTOMER = Identity("mei", "desk")
READ = """
title: {zh: 查询物流, en: Track a parcel}
effect: read
parameters:
  properties:
    waybill: {type: string, title: {zh: 运单号, en: waybill}, x-field: waybill_number}
  required: [waybill]
request:
  url: ${CONNECTOR_URL}/PATH/{waybill}
  headers: {Authorization: "Bearer ${CONNECTOR_TOKEN}"}
timeout: 2
retries: 0
result: {status: $.status}
"""
WRITE = """
title: {zh: 红冲发票, en: Request a red-letter invoice}
effect: write
parameters:
  properties:
    invoice: {type: string}
    pin: {type: string, x-secret: true}
  required: [invoice]
request:
  method: POST
  url: ${CONNECTOR_URL}/PATH
  headers: {Authorization: "Bearer ${CONNECTOR_TOKEN}"}
  json: {invoice: "{invoice}", pin: "{pin}", who: "{caller.user}", key: "{action.id}"}
timeout: 2
result: {number: $.number}
"""


def environ_of(url: str) -> dict[str, str]:
    return {"CONNECTOR_URL": url, "CONNECTOR_TOKEN": TOKEN, "OTHER": "not for connectors"}


def write(folder: Path, **files: str) -> None:
    """One file for each keyword: `parcel="…"` is parcel.yaml."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text).lstrip("\n"), "utf-8")


@contextlib.asynccontextmanager
async def opened(
    folder: Path, url: str = "http://127.0.0.1:9", environ: Mapping[str, str] | None = None
) -> AsyncIterator[ConnectorFolder]:
    made = ConnectorFolder(folder, environ or environ_of(url), Metrics("test", "lite"))
    try:
        yield made
    finally:
        await made.close()


def tool_of(folder: ConnectorFolder, name: str) -> DescribedTool:
    tool = folder.find(name)
    assert isinstance(tool, DescribedTool), folder.problems
    return tool


def reasons_of(folder: ConnectorFolder) -> list[str]:
    return [f"{one.path}:{one.line}: {one.reason}" for one in folder.problems]
