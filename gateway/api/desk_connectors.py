"""/api/desk/connectors: the company's systems for staff, and whether each answers."""

from typing import Any

from fastapi import APIRouter, Request

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.connectors.folder import ConnectorFolder
from gateway.webhooks.worker import WebhookWorker


def desk_connectors_router(
    connectors: ConnectorFolder, webhooks: WebhookWorker, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/connectors")
    async def health(request: Request, staff: StaffName) -> dict[str, Any]:
        """{object, data: [{name, title, ok, reason, code, details}], problems: [{path, line, code,
        reason}]}. Tries each system now. A problem's `code`: connector or webhooks."""
        await limits.charge(request)
        return {
            "object": "list",
            "data": await connectors.health(),
            "problems": [
                {**problem.told(), "code": code}
                for code, found in (
                    ("connector", connectors.problems),
                    ("webhooks", webhooks.problems),
                )
                for problem in found
            ],
        }

    return router
