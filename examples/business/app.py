"""Puts the parts together: one FastAPI application, open to the holder of its token only."""

import hmac
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from examples.business.invoices import invoices
from examples.business.logistics import logistics
from examples.business.orders import orders
from examples.business.problems import Problem
from examples.business.store import Store
from examples.business.support import support


def create_app(store: Store, token: str) -> FastAPI:
    """`token` is expected as `Authorization: Bearer …` on every route but /healthz."""

    def check_token(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise Problem(401, "unauthorized", "凭证不对。", "The token is wrong.")

    app = FastAPI(title="Example business", openapi_url=None)
    for make in (logistics, invoices, orders, support):
        app.include_router(make(store), dependencies=[Depends(check_token)])

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    return app


def refused(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return JSONResponse(problem.as_json(), problem.status)


def invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    where = ", ".join(str(each["loc"][-1]) for each in error.errors())
    problem = Problem(422, "invalid", f"内容不对：{where}。", f"Wrong or missing: {where}.")
    return JSONResponse(problem.as_json(), problem.status)
