"""POST /v1/embed-tokens: a token for a page that embeds the desk (docs/embedding.md)."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.auth.authenticator import check_embed_origin
from gateway.auth.origins import Origins
from gateway.auth.tokens import Signer
from gateway.openai.validation import StrictModel


class EmbedTokenRequest(StrictModel):
    user: str = Field(min_length=1, max_length=128)
    origin: str = Field(max_length=256, pattern=r"^https?://[^/\s]+$")
    ttl: int = Field(3600, ge=1, le=86_400, description="Seconds.")


def embed_tokens_router(signer: Signer, origins: Origins, limits: RouteLimits) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/embed-tokens")
    @limits.limit
    def embed_token(
        request: Request, wanted: EmbedTokenRequest, caller: CurrentCaller
    ) -> dict[str, Any]:
        check_embed_origin(wanted.origin, origins.allows(wanted.origin))
        token, expires_at = signer.sign_embed(caller.name, wanted.user, wanted.origin, wanted.ttl)
        return {"token": token, "expires_at": expires_at}

    return router
