"""A small business system on a real port: parcels can be asked for, orders cancelled. A waybill
that ends in 404 is unknown there, one that ends in 999 gets no answer."""

import asyncio
import os
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

STATE: dict[str, Any] = {"asked": [], "cancelled": {}, "running": 0}


async def parcel(request: Request) -> Response:
    waybill = request.path_params["waybill"]
    STATE["asked"].append(
        {
            "waybill": waybill,
            "user": request.query_params.get("user"),
            "token": request.headers.get("authorization"),
        }
    )
    if waybill.endswith("404"):
        return JSONResponse({"error": "no such parcel"}, 404)
    STATE["running"] += 1
    try:
        while waybill.endswith("999") and not await request.is_disconnected():
            await asyncio.sleep(0.02)
    finally:
        STATE["running"] -= 1
    return JSONResponse({"status": "运输中", "events": [{"text": "已到杭州转运中心 14:05"}]})


async def cancel(request: Request) -> Response:
    key = request.headers["idempotency-key"]
    STATE["cancelled"].setdefault(request.path_params["order"], []).append(key)
    return JSONResponse({"refund": "128.00"})


async def state(_: Request) -> Response:
    return JSONResponse(STATE)


routes = [
    Route("/parcels/{waybill}", parcel),
    Route("/orders/{order}/cancel", cancel, methods=["POST"]),
    Route("/state", state),
    Route("/healthz", state),
]
app = Starlette(routes=routes)
TRACK = """
title: {zh: 查询物流, en: Track a parcel}
description: {zh: 按运单号查询物流, en: The state of a parcel by its waybill number}
effect: read
parameters:
  type: object
  properties:
    waybill:
      {type: string, pattern: "^SF[0-9]{13}$", x-field: waybill_number,
       title: {zh: 运单号, en: waybill number}}
  required: [waybill]
request:
  method: GET
  url: ${CONNECTOR_COMPANY_URL}/parcels/{waybill}
  query: {user: "{caller.user}"}
  headers: {Authorization: "Bearer ${CONNECTOR_COMPANY_TOKEN}"}
timeout: 1
retries: 0
result: {status: $.status, event: "$.events[0].text"}
say: {zh: "包裹{{ status }}。{{ event }}", en: "The parcel is {{ status }}. {{ event }}"}
"""
CANCEL = """
title: {zh: 取消订单, en: Cancel the order}
description: {zh: 取消还没有发货的订单, en: Cancels an order that is not dispatched}
effect: write
parameters:
  type: object
  properties:
    order:
      {type: string, pattern: "^QH[0-9]{15}$", x-field: order_number,
       title: {zh: 订单号, en: order number}}
  required: [order]
request:
  method: POST
  url: ${CONNECTOR_COMPANY_URL}/orders/{order}/cancel
  json: {user: "{caller.user}"}
result: {refund: $.refund}
say: {zh: "已取消，退款 {{ refund }} 元。", en: "Cancelled; {{ refund }} yuan are refunded."}
confirm: {by: customer}
idempotency: key
"""

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="critical")
