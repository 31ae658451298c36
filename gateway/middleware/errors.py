"""The one place where an error becomes a response, whatever went wrong."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import (
    GatewayError,
    InternalError,
    InvalidJSON,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    release_frames,
)
from gateway.middleware.request_limits import kind_of
from gateway.openai.validation import error_of
from gateway.server.request_context import context_of

log = structlog.get_logger()
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
SOMETHING = "Something went wrong here; the log has it under this x-request-id."


class Errors:
    """Renders what the routes and the layers below raise, unless the response has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = context_of(scope)
        try:
            await self.app(scope, receive, send)
        except GatewayError as error:
            if context.response.status is not None:
                log.warning("failed_after_start", code=error.code)
            else:
                await render(error)(scope, receive, send)
            release_frames(error)
        except ClientDisconnect:
            log.debug("left_while_sending", request_id=context.request_id)
        except Exception:
            log.exception("unexpected", request_id=context.request_id)
            if context.response.status is not None:
                raise  # the server cuts the connection then
            await render(InternalError(SOMETHING))(scope, receive, send)


def render(error: GatewayError) -> Response:
    headers = {}
    if error.retry_seconds is not None:
        headers["retry-after"] = str(error.retry_seconds)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(error.body(), status_code=error.status, headers=headers)


def install_handlers(app: FastAPI, charge: Callable[[Request], Awaitable[None]]) -> None:
    """Renders what fails inside FastAPI. What fails outside of it, `Errors` renders.

    A refused body is charged like an accepted one.
    """

    async def gateway_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, GatewayError)
        release_frames(error)
        return render(error)

    async def unexpected(request: Request, error: Exception) -> Response:
        return render(InternalError(SOMETHING))  # Starlette raises it again, and `Errors` logs it

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        # FastAPI raises 400 from whatever kept it from reading a body, and for a broken body.
        if isinstance(error.__cause__, GatewayError):
            return render(error.__cause__)
        if error.status_code == 400:
            return await charged(request, _unreadable(request))
        response = render(_of_status(error.status_code, request))
        response.headers.update(error.headers or {})
        return response

    async def charged(request: Request, error: GatewayError) -> Response:
        try:
            await charge(request)
        except GatewayError as refused:
            return render(refused)
        return render(error)

    async def validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fault = error.errors()[0]
        if fault["type"] == "json_invalid":
            return await charged(request, _unreadable(request))
        told = error_of(fault, [str(step) for step in fault["loc"][1:]])
        # Only chat completions tell `unsupported_parameter` of an unknown name.
        return await charged(
            request, InvalidRequest(told.message, param=told.param, details=told.details)
        )

    app.add_exception_handler(GatewayError, gateway_error)
    app.add_exception_handler(Exception, unexpected)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)


def _unreadable(request: Request) -> GatewayError:
    if kind_of(context_of(request.scope).request_headers) == "multipart/form-data":
        return InvalidRequest("The form could not be read.")
    return InvalidJSON("The body is not JSON.")


def methods_of(request: Request) -> list[str]:
    """Returns the methods of all routes of the request's path."""
    return [
        method for method in METHODS if request.app.has_route({**request.scope, "method": method})
    ]


def _of_status(status: int, request: Request) -> GatewayError:
    if status == 404:
        return NotFound("There is nothing here.")
    if status == 405:
        allowed = methods_of(request)
        return MethodNotAllowed(
            f"{request.method} is not allowed here; {', '.join(allowed)} would be.",
            details={"name": request.method, "allowed": allowed},
        )
    return InvalidRequest("The request could not be read.")
