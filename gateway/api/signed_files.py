"""GET /signed/files/{token}: a file of a conversation, for whoever has the link."""

from fastapi import APIRouter, Response

from gateway.api.files import file_response
from gateway.auth.tokens import Signer
from gateway.errors import FileNotFound
from gateway.storage.desk_conversations import DeskConversations


def signed_files_router(conversations: DeskConversations, signer: Signer) -> APIRouter:
    router = APIRouter()

    @router.get("/signed/files/{token}", response_class=Response)
    def content(token: str) -> Response:
        named = signer.file(token)
        if named is None:  # it has expired since the request arrived
            raise FileNotFound("This link has expired.")
        return file_response(*conversations.file_pieces(*named))

    return router
