"""GET /v1/models: the models that requests may name."""

from typing import Any

from fastapi import APIRouter, Request

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import Upstream


def models_router(
    catalog: ModelCatalog, upstreams: list[Upstream], limits: RouteLimits
) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/models")
    @limits.limit
    def models(request: Request, caller: CurrentCaller) -> dict[str, Any]:
        return {"object": "list", "data": catalog.entries(upstreams)}

    @router.get("/v1/models/{model:path}")
    @limits.limit
    def model(request: Request, model: str, caller: CurrentCaller) -> dict[str, Any]:
        return catalog.entry(model, upstreams)

    return router
