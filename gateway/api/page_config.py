"""What the page is told about this desk: GET /api/config."""

from typing import Any

from gateway import __version__
from gateway.desk import Desk
from gateway.media.limits import MAX_SIDE
from gateway.media.sniff import ACCEPTED
from gateway.server.request_context import Caller

TEXT_CONTEXTS = 8  # a request's text may have so many times the context's tokens in characters

LITE_NOTICE = {
    "zh-CN": "当前为内置引擎：读取截图文字并引用知识条款，它不是大语言模型。",
    "en": "Embedded engine: it reads screenshots and quotes clauses. It is not a language model.",
}


def page_config(desk: Desk, caller: Caller) -> dict[str, Any]:
    settings = desk.settings
    upstream = desk.upstreams[0]
    return {
        "product": "SightDesk",
        "version": __version__,
        "engine": {
            "kind": "lite" if upstream.is_lite else settings.engine,
            "model": upstream.model,
            "language_model": not upstream.is_lite,
            "notice": LITE_NOTICE if upstream.is_lite else None,
        },
        "engine_state": engine_state(desk),
        "limits": {
            "max_body_bytes": settings.max_body_bytes,
            "max_images": settings.max_images,
            "image_max_bytes": settings.image_max_bytes,
            "image_max_pixels": settings.image_max_pixels,
            "image_max_side": settings.image_max_side,
            "image_longest_side": MAX_SIDE,
            "pdf_max_pages": settings.pdf_max_pages,
            "max_messages": 200,
            "max_text": TEXT_CONTEXTS * max(upstream.max_model_len for upstream in desk.upstreams),
            "rate_limit": settings.rate_limit_user,
        },
        "accept": list(ACCEPTED),
        "locales": ["zh-CN", "en"],
        "questions": desk.library.questions,
        # Where the page keeps its conversations: in the browser, while the store does not answer.
        "history": "server" if desk.database.answers() else "local",
        # With a token: whose messages the page may believe.
        "embed_origin": caller.embed_origin,
    }


def engine_state(desk: Desk) -> dict[str, Any]:
    """Whether an engine answers, else how far its start is (inference/status.py), else "fallback" or "unavailable"."""
    fallback = desk.fallback is not None and any(
        upstream.up for upstream in desk.fallback.upstreams
    )
    if any(upstream.up for upstream in desk.upstreams):
        return {"ready": True, "phase": "ready", "percent": None, "fallback": fallback}
    startup = desk.startup.read()
    if startup is not None and startup.under_way:
        return {
            "ready": False,
            "phase": startup.phase,
            "percent": startup.percent,
            "fallback": fallback,
        }
    return {
        "ready": False,
        "phase": "fallback" if fallback else "unavailable",
        "percent": None,
        "fallback": fallback,
    }
