"""GET /api/desk/system: what runs, with which settings, and how well. For staff."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request

from gateway import __version__
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.api.engine_status import EngineStatus
from gateway.api.health import task_report
from gateway.server.supervisor import Supervisor
from gateway.settings import SECRETS, Settings
from gateway.storage.database import Database
from gateway.upstream.upstream import Upstream
from gateway.webhooks.subscription_health import health_of
from gateway.webhooks.worker import WebhookWorker

# Those that explain what staff see. Never a secret.
SHOWN = (
    *("engine", "engine_urls", "model_name", "max_model_len", "reader_url", "fallback_engine_url"),
    *("max_concurrent", "max_queued", "queue_timeout", "engine_sees", "grounding"),
    *(
        "knowledge_dir",
        "knowledge_url",
        "embedding_url",
        "embedding_model",
        "rerank_url",
        "rerank_model",
    ),
    *("connectors_dir", "max_tool_rounds", "action_expires"),
    *("handoff_claim_timeout", "handoff_silence", "service_hours"),
    *("staff_users", "retention_days", "minutes_saved"),
    *("rate_limit_user", "rate_limit_key", "rate_limit_ip", "rate_limit_api"),
    *("max_images", "image_max_bytes", "pdf_max_pages", "resume_grace"),
)


def desk_system_router(
    settings: Settings,
    engines: EngineStatus,
    database: Database,
    webhooks: WebhookWorker,
    supervisor: Supervisor,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/system")
    @limits.limit
    def system(request: Request, staff: StaffName) -> dict[str, Any]:
        """{object, version, staff, engine, engines, reader, database, webhooks, tasks, settings}.
        Every URL is without its user, password and query."""
        answers = database.answers()
        return {
            "object": "system",
            "version": __version__,
            "staff": staff,
            "engine": {"kind": settings.engine, **engines.as_json()},
            "engines": [
                *(engine_report(one, is_fallback=False) for one in engines.upstreams),
                *(engine_report(one, is_fallback=True) for one in engines.fallback_upstreams),
            ],
            "reader": reader_report(settings, engines),
            "database": {
                "kind": "sqlite" if database.is_sqlite else "postgresql",
                "answers": answers,
            },
            "webhooks": [asdict(one) for one in health_of(database, webhooks.subscriptions)]
            if answers
            else [],
            "tasks": task_report(supervisor, is_operator=True),
            "settings": shown_settings(settings),
        }

    return router


def engine_report(upstream: Upstream, *, is_fallback: bool) -> dict[str, Any]:
    """`up`: null until the first probe. `circuit`: closed, half_open or open."""
    return {
        "name": upstream.name,
        "url": public_url(upstream.url),
        "model": upstream.model,
        "language_model": not upstream.is_lite,
        "fallback": is_fallback,
        "up": upstream.up,
        "circuit": upstream.breaker.state.name.lower(),
        "inflight": upstream.inflight,
        "max_concurrent": upstream.max_concurrent,
        "max_model_len": upstream.max_model_len,
        "sees": upstream.sees,
    }


def reader_report(settings: Settings, engines: EngineStatus) -> dict[str, Any]:
    """`up` is known where the reader is one of the engines, else null."""
    url = settings.reader_url
    every = (*engines.upstreams, *engines.fallback_upstreams)
    up = next((one.up for one in every if one.url == url), None)
    return {"url": public_url(url), "on": bool(url), "up": up}


def shown_settings(settings: Settings) -> list[dict[str, Any]]:
    """[{name, value, help}]. `value` is a text, empty where the setting is."""
    found = []
    for name in SHOWN:
        field = Settings.model_fields.get(name)
        if field is None or name in SECRETS:
            continue
        value = getattr(settings, name)
        found.append(
            {
                "name": name.upper(),
                "value": setting_text(value),
                "help": field.description or "",
            }
        )
    return found


def setting_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(setting_text(one) for one in value)
    return public_url(str(value))


def public_url(text: str) -> str:
    """A URL without user, password, query and fragment. Any other text is returned as it is."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
