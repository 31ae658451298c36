"""GET /healthz, /readyz and /metrics."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway.api.engine_status import EngineStatus
from gateway.assistant.persona_file import PersonaFile
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.networks import host_name, is_forwarded, is_local_host, is_private
from gateway.auth.origins import Origins
from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.tool import Identity
from gateway.errors import IPNotAllowed
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.observability.metrics import CONTENT_TYPE, Metrics
from gateway.server.request_context import context_of
from gateway.server.supervisor import Supervisor
from gateway.storage.probe import Probe
from gateway.webhooks.worker import WebhookWorker

# Host names of the gateway between containers: its Compose service, and Docker's name for the host.
SOMEBODY = Identity("user", "tenant")  # who is offered every tool
SERVICE_NAMES = frozenset(("gateway", "host.docker.internal"))


def health_router(
    engine_status: EngineStatus,
    database: Probe,
    uploads: Probe,
    knowledge_base: KnowledgeBase,
    persona_file: PersonaFile,
    knowledge_version: Callable[[], str],
    vectors: VectorBuilder,
    connectors: ConnectorFolder,
    webhooks: WebhookWorker,
    supervisor: Supervisor,
    metrics: Metrics,
    origins: Origins,
    api_keys: APIKeyStore,
) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """This process lives."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> Response:
        """200 while an engine or the fallback answers questions, else 503. Only operators see
        paths, reasons and details of the start."""
        is_operator = is_from_operator(request, origins)
        engine = engine_status.as_json()
        is_answering = engine["ready"] or engine["fallback"]
        is_writable, is_available = await asyncio.gather(database.is_fine(), uploads.is_fine())
        body: dict[str, Any] = {
            "status": "ready" if is_answering else "not ready",
            "engine": engine | (launch_detail(engine_status) if is_operator else {}),
            "database": {"writable": is_writable},
            "uploads": {"available": is_available},
            "upstreams": {one.name: bool(one.up) for one in engine_status.upstreams},
            "knowledge": knowledge_report(knowledge_base, persona_file, is_operator)
            | {"version": knowledge_version(), "vectors": vectors.report()},
            "connectors": connector_report(connectors, webhooks, is_operator),
            "tasks": task_report(supervisor, is_operator),
        }
        if is_operator:
            problems = (api_keys.problem, engine_status.launch_status.problem)
            body["files"] = [problem for problem in problems if problem]
        if is_answering:
            return JSONResponse(body)
        return JSONResponse(body, 503, headers={"retry-after": "2"})

    @router.get("/metrics")
    async def prometheus_metrics(request: Request) -> Response:
        """Prometheus metrics, for private networks only."""
        if not is_from_operator(request, origins):
            raise IPNotAllowed(
                "Metrics are for private networks, under a local name or one of ALLOWED_ORIGINS, "
                "without forwarding headers."
            )
        return Response(await asyncio.to_thread(metrics.render), media_type=CONTENT_TYPE)

    return router


def is_from_operator(request: Request, origins: Origins) -> bool:
    """Whether the request comes from a private network, under a known host name, and directly or
    through a trusted proxy.

    The host name matters because of DNS rebinding: a page on the internet can point its own name
    to this machine, and a browser on this network then sends the page's requests here.
    """
    context = context_of(request.scope)
    host = context.request_headers.get("host", "")
    is_known_host = (
        is_local_host(host) or host_name(host) in SERVICE_NAMES or origins.has_host(host)
    )
    is_direct = context.through_proxy or not is_forwarded(context.request_headers)
    return is_known_host and is_direct and is_private(context.address)


def launch_detail(engine_status: EngineStatus) -> dict[str, Any]:
    """{detail, since} of an engine that is starting and says more than its phase, else {}."""
    launch = engine_status.launch_status.read()
    if launch is None or not launch.detail or engine_status.is_ready:
        return {}
    return {"detail": launch.detail, "since": launch.since}


def knowledge_report(
    knowledge_base: KnowledgeBase, persona_file: PersonaFile, is_operator: bool
) -> dict[str, Any]:
    """{clauses, problems}; without messages and folders for everyone but operators."""
    snapshot = knowledge_base.snapshot
    return {
        "clauses": len(snapshot.index.clauses),
        "problems": [
            f"{problem.path}: {problem.message}" if is_operator else Path(problem.path).name
            for problem in (*snapshot.problems, *persona_file.problems)
        ],
    }


def connector_report(
    connectors: ConnectorFolder, webhooks: WebhookWorker, is_operator: bool
) -> dict[str, Any]:
    """{tools, problems} of CONNECTORS_DIR; without lines, reasons and folders for everyone but
    operators."""
    return {
        "tools": len(connectors.offered(SOMEBODY)),
        "problems": [
            f"{problem.path}:{problem.line}: {problem.reason}"
            if is_operator
            else Path(problem.path).name
            for problem in (*connectors.problems, *webhooks.problems)
        ],
    }


def task_report(supervisor: Supervisor, is_operator: bool) -> dict[str, Any]:
    """{name: {state, restarts}} of the background tasks, with `reason` for operators."""
    return {
        name: {"state": task.state, "restarts": task.restarts}
        | ({"reason": task.reason} if is_operator else {})
        for name, task in supervisor.tasks.items()
    }
