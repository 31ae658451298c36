"""The error that a client gets, in OpenAI's format."""

from collections.abc import Mapping
from typing import Any


class LiteError(Exception):
    """`details` holds what a program needs besides the message: `limit`, `size`, …"""

    def __init__(
        self,
        message: str,
        status: int = 400,
        code: str = "invalid_request",
        *,
        param: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        told = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.body = {"error": {**told, "details": dict(details or {})}}
