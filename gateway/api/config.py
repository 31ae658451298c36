"""GET /api/config: what the page needs to know about this desk."""

from typing import Any

from fastapi import APIRouter, Request

from gateway import __version__
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.api.engine_status import EngineStatus
from gateway.assistant.persona_file import PersonaFile
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.media.limits import MAX_SIDE
from gateway.media.sniff import ACCEPTED
from gateway.openai.body_limits import CHARACTERS_PER_TOKEN
from gateway.openai.chat_request import MAX_MESSAGES
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.upstream.upstream import Upstream

LITE_NOTICE = {
    "zh-CN": "当前为内置引擎：读取截图文字并引用知识条款，它不是大语言模型。",
    "en": "Embedded engine: it reads screenshots and quotes clauses. It is not a language model.",
}


def config_router(
    settings: Settings,
    engine_status: EngineStatus,
    knowledge_base: KnowledgeBase,
    persona_file: PersonaFile,
    database: Database,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter()

    @router.get("/api/config")
    @limits.limit
    def config(request: Request, caller: CurrentCaller) -> dict[str, Any]:
        return {
            "product": "SightDesk",
            "version": __version__,
            "engine": engine_config(settings.engine, engine_status.upstreams[0]),
            "engine_state": engine_status.as_json(),
            "limits": request_limits(settings, engine_status.upstreams),
            "accept": list(ACCEPTED),
            "locales": ["zh-CN", "en"],
            "questions": knowledge_base.questions,
            # The company's voice (docs/knowledge.md).
            "assistant": persona_file.persona.for_page(),
            # The page keeps its conversations in the browser while the database does not answer.
            "history": "server" if database.answers() else "local",
            # With an embed token: the one origin whose messages the page accepts.
            "embed_origin": caller.embed_origin,
            # Who came by single sign-on can sign out here.
            "sign_out": "/auth/logout" if caller.by_provider else None,
        }

    return router


def engine_config(engine: str, upstream: Upstream) -> dict[str, Any]:
    """{kind, model, language_model, notice} of the first engine."""
    return {
        "kind": "lite" if upstream.is_lite else engine,
        "model": upstream.model,
        "language_model": not upstream.is_lite,
        "notice": LITE_NOTICE if upstream.is_lite else None,
    }


def request_limits(settings: Settings, upstreams: list[Upstream]) -> dict[str, Any]:
    """Bounds that the page checks before it sends: bytes, pixels, pages, messages, characters."""
    max_model_len = max(upstream.max_model_len for upstream in upstreams)
    return {
        "max_body_bytes": settings.max_body_bytes,
        "max_images": settings.max_images,
        "image_max_bytes": settings.image_max_bytes,
        "image_max_pixels": settings.image_max_pixels,
        "image_max_side": settings.image_max_side,
        "image_longest_side": MAX_SIDE,
        "pdf_max_pages": settings.pdf_max_pages,
        "max_messages": MAX_MESSAGES,
        "max_text": CHARACTERS_PER_TOKEN * max_model_len,
        "rate_limit": settings.rate_limit_user,
    }
