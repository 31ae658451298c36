"""Pages of PDF files and HEIC pictures in conversations, as pictures for staff."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.api.file_readings import preview_response
from gateway.auth.tokens import Signer
from gateway.media.image_processor import ImageProcessor
from gateway.storage.desk_conversations import DeskConversations


def desk_previews_router(
    conversations: DeskConversations,
    image_processor: ImageProcessor,
    signer: Signer,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api/desk/conversations/{conversation_id}/files/{file_id}")

    @router.get("/preview", response_class=Response)
    async def desk_preview(
        request: Request,
        conversation_id: str,
        file_id: str,
        staff: StaffName,
        page: Annotated[int, Query(ge=1)] = 1,
    ) -> Response:
        """As `/api/files/{file_id}/preview`, for a file that a turn of the conversation names."""
        await limits.charge(request)
        _, data = await asyncio.to_thread(conversations.file, conversation_id, file_id)
        return await preview_response(request, image_processor, signer, data, page)

    return router
