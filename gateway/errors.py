"""Every error that a client can receive, with its status, code and public message.

GatewayError
├── BadRequest                 400
│   ├── InvalidJSON            invalid_json
│   ├── InvalidRequest         invalid_request
│   ├── UnsupportedParameter   unsupported_parameter
│   ├── InvalidImage           invalid_image
│   ├── TooManyImages          too_many_images
│   └── ContextLengthExceeded  context_length_exceeded
├── InvalidAPIKey              401 invalid_api_key
├── InvalidToken               401 invalid_token
├── IPNotAllowed               403 ip_not_allowed
├── OriginNotAllowed           403 origin_not_allowed
├── StaffOnly                  403 staff_only
├── NotFound                   404 not_found
│   ├── ModelNotFound          model_not_found
│   └── FileNotFound           file_not_found
├── MethodNotAllowed           405 method_not_allowed
├── Conflict                   409
│   ├── ActionNotPending       action_not_pending
│   ├── ActionExpired          action_expired
│   └── HandoffTaken           handoff_taken
├── RequestTimeout             408 request_timeout
├── TooLarge                   413
│   ├── BodyTooLarge           body_too_large
│   ├── ImageTooLarge          image_too_large
│   └── PDFTooLarge            pdf_too_large
├── UnsupportedMediaType       415 unsupported_media_type
├── TooManyRequests            429
│   ├── RateLimitExceeded      rate_limit_exceeded
│   └── QueueFull              queue_full
├── UpstreamError              502 upstream_error
├── UpstreamUnavailable        503 upstream_unavailable
│   └── StoreUnavailable       upstream_unavailable
├── UpstreamTimeout            504 upstream_timeout
└── InternalError              500 internal_error

The body is OpenAI's plus `details`: `{"error": {"message", "type", "param", "code", "details"}}`.
A message is written for the person who must act on it and names the bound that was crossed;
`details` holds the same numbers for programs.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class GatewayError(Exception):
    """An error for the client.

    `message` is public. `param` is the dotted name of the field at fault. `details` holds numbers
    and names for programs (`limit`, `size`, …); `retry_after`, in seconds, is added to them.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    type: ClassVar[str] = "server_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after
        self._details = dict(details or {})

    @property
    def retry_seconds(self) -> int | None:
        """`retry_after` as clients get it: whole seconds, at least one."""
        return None if self.retry_after is None else max(1, math.ceil(self.retry_after))

    @property
    def details(self) -> dict[str, Any]:
        seconds = self.retry_seconds
        return self._details if seconds is None else {**self._details, "retry_after": seconds}

    def body(self) -> dict[str, dict[str, Any]]:
        """The response body as JSON."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
                "details": self.details,
            }
        }


def error_of(body: Mapping[str, Any]) -> GatewayError:
    """The error whose `body()` this is, made by another gateway."""
    told = body["error"]
    made = _CLASSES.get(told["code"], InternalError)
    details = dict(told["details"])
    retry_after = details.pop("retry_after", None)
    return made(told["message"], param=told["param"], retry_after=retry_after, details=details)


class InternalError(GatewayError):
    pass


class BadRequest(GatewayError):
    status = 400
    code = "invalid_request"
    type = "invalid_request_error"


class InvalidJSON(BadRequest):
    code = "invalid_json"


class InvalidRequest(BadRequest):
    code = "invalid_request"


class UnsupportedParameter(BadRequest):
    code = "unsupported_parameter"


class InvalidImage(BadRequest):
    code = "invalid_image"


class TooManyImages(BadRequest):
    code = "too_many_images"


class ContextLengthExceeded(BadRequest):
    code = "context_length_exceeded"


class InvalidAPIKey(GatewayError):
    status = 401
    code = "invalid_api_key"
    type = "authentication_error"


class InvalidToken(GatewayError):
    status = 401
    code = "invalid_token"
    type = "authentication_error"


class IPNotAllowed(GatewayError):
    status = 403
    code = "ip_not_allowed"
    type = "permission_error"


class OriginNotAllowed(GatewayError):
    status = 403
    code = "origin_not_allowed"
    type = "permission_error"


class StaffOnly(GatewayError):
    status = 403
    code = "staff_only"
    type = "permission_error"


class NotFound(GatewayError):
    status = 404
    code = "not_found"
    type = "invalid_request_error"


class ModelNotFound(NotFound):
    code = "model_not_found"


class FileNotFound(NotFound):
    code = "file_not_found"


class MethodNotAllowed(GatewayError):
    status = 405
    code = "method_not_allowed"
    type = "invalid_request_error"


class Conflict(GatewayError):
    """Somebody else, or time, has decided before."""

    status = 409
    type = "invalid_request_error"


class ActionNotPending(Conflict):
    code = "action_not_pending"


class ActionExpired(Conflict):
    code = "action_expired"


class HandoffTaken(Conflict):
    code = "handoff_taken"


class RequestTimeout(GatewayError):
    status = 408
    code = "request_timeout"
    type = "invalid_request_error"


class TooLarge(GatewayError):
    status = 413
    type = "invalid_request_error"


class BodyTooLarge(TooLarge):
    code = "body_too_large"


class ImageTooLarge(TooLarge):
    code = "image_too_large"


class PDFTooLarge(TooLarge):
    code = "pdf_too_large"


class UnsupportedMediaType(GatewayError):
    status = 415
    code = "unsupported_media_type"
    type = "invalid_request_error"


class TooManyRequests(GatewayError):
    """Always carries `retry_after`, in seconds."""

    status = 429
    type = "rate_limit_error"


class RateLimitExceeded(TooManyRequests):
    code = "rate_limit_exceeded"


class QueueFull(TooManyRequests):
    code = "queue_full"


class UpstreamError(GatewayError):
    status = 502
    code = "upstream_error"
    type = "upstream_error"


class UpstreamUnavailable(GatewayError):
    """Always carries `retry_after`, in seconds."""

    status = 503
    code = "upstream_unavailable"
    type = "upstream_error"


class StoreUnavailable(UpstreamUnavailable):
    """The database or the disk of files does not answer; not an engine."""


class UpstreamTimeout(GatewayError):
    status = 504
    code = "upstream_timeout"
    type = "upstream_error"


def _classes(of: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield of
    for one in of.__subclasses__():
        yield from _classes(one)


# The first class of each code: those below it differ for us alone.
_CLASSES = {one.code: one for one in reversed([*_classes(GatewayError)])}


def release_frames(error: BaseException) -> None:
    """Drops the tracebacks of a handled error and of the errors that it came from.

    A frame that catches an error often refers to it again, through what failed. Such a cycle keeps
    the request and its answer in memory until the collector's oldest generation is due, which is
    hours with our thresholds.
    """
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None:
            continue
        inner = getattr(one, "error", None)
        left += [one.__context__, one.__cause__, inner if isinstance(inner, Exception) else None]
        one.__traceback__ = one.__context__ = one.__cause__ = None
