"""A running gateway against its own OpenAPI document, by schemathesis.

Every route is asked with valid and invalid data, by every kind of caller.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.app import create_app
from gateway.settings import load_settings
from tests.support.access import PROXY_SECRET, ROWS, SECRET, bearer, nginx, token
from tests.support.servers import Running, running_gateway, wait_for

load_all_checks()
# name → (headers, where they let in; under /v1/ and /api/ nowhere else)
CALLERS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "a key": (bearer("sk-shop"), ("/v1/", "/api/")),
    "nobody": ({}, ()),
    "a token": (bearer(token()), ("/api/",)),
    "nginx's user": (nginx(), ("/api/",)),
}
LIVE_FOR_STAFF = ("/api/desk/events", "nginx's user")  # a stream without an end
CODES = {
    400: {
        "invalid_json",
        "invalid_request",
        "unsupported_parameter",
        "invalid_image",
        "too_many_images",
        "context_length_exceeded",
    },
    401: {"invalid_api_key", "invalid_token"},
    403: {"ip_not_allowed", "origin_not_allowed", "staff_only"},
    404: {"not_found", "model_not_found", "file_not_found"},
    405: {"method_not_allowed"},
    413: {"body_too_large", "image_too_large", "pdf_too_large"},
    415: {"unsupported_media_type"},
}


@schemathesis.check
def the_contracts_error(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    if response.status_code >= 400:
        assert response.json()["error"]["code"] in CODES[response.status_code], response.text
    assert "x-request-id" in response.headers


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    the_contracts_error,
]


@pytest.fixture(scope="module")
def shut(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Before the fake engine, and nobody is anonymous."""
    settings = {
        "ENGINE": "cpu", "READER_URL": "", "API_KEYS": "shop:sk-shop", "EMBED_SECRET": SECRET,
        "ANONYMOUS_NETWORKS": "",
        "PROXY_SECRET": PROXY_SECRET, "TRUSTED_PROXIES": "127.0.0.0/8",
    }  # fmt: skip
    with running_gateway(engine.url, tmp_path_factory.mktemp("document"), **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture
def document(shut: Running, tmp_path: Path) -> schemathesis.BaseSchema:
    app = create_app(load_settings(data_dir=tmp_path))
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.config.update(base_url=shut.url)
    return schema


def operation_of(found: Any) -> schemathesis.APIOperation[Any, Any, Any, Any]:
    """Raises where the document describes the operation wrongly."""
    operation: schemathesis.APIOperation[Any, Any, Any, Any] = found.ok()
    return operation


def hold(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode, who: str
) -> None:
    """Calls the operation many times. Fails where an answer contradicts document or table."""
    headers, opens = CALLERS[who]
    guarded = operation.path.startswith(("/v1/", "/api/", "/signed/"))
    is_open = not guarded or operation.path.startswith(opens)
    # Where nobody is let in, it is not the data that is refused.
    checks = (
        CHECKS if is_open else [check for check in CHECKS if check is not negative_data_rejection]
    )

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=(15 if operation.body else 4) if who == "a key" else 3,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Case[Any]) -> None:
        response = case.call_and_validate(checks=checks, headers=headers)
        if guarded and response.status_code not in (413, 415):
            assert (response.status_code == 401) is not is_open, response.text

    holds()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_route_does_what_its_document_says(
    document: schemathesis.BaseSchema, mode: GenerationMode, who: str
) -> None:
    walked = set()
    for operation in map(operation_of, document.get_all_operations()):
        if mode is GenerationMode.NEGATIVE and not operation.body and not operation.query:
            continue  # a path is a string, and any string is one
        if (operation.path, who) != LIVE_FOR_STAFF:
            hold(operation, mode, who)
        walked.add((operation.method.upper(), re.sub(r"\{[^}]*\}", "{}", operation.path)))
    told = {
        (method, path)
        for method, path in ROWS
        if path.startswith(("/v1/", "/api/", "/signed/", "/healthz", "/readyz", "/metrics"))
    }
    if mode is GenerationMode.NEGATIVE:
        bodies = {route for route in told if route[0] in ("POST", "PATCH")} - {
            ("POST", "/api/chat/{}/stop"),
            ("POST", "/api/desk/handoffs/{}/draft"),
        }
        told = bodies | {
            ("GET", "/api/conversations"),
            ("GET", "/api/files/{}/preview"),
            ("GET", "/api/desk/actions"),
            ("GET", "/api/desk/audit"),
            ("GET", "/api/desk/answers"),
            ("GET", "/api/desk/knowledge/search"),
            ("GET", "/api/desk/stats"),
            ("GET", "/api/desk/export"),
            ("GET", "/api/desk/export/card"),
            ("GET", "/api/desk/handoffs"),
            ("GET", "/api/desk/conversations"),
            ("GET", "/api/desk/conversations/{}/files/{}/preview"),
            ("GET", "/api/desk/corrections"),
        }
    assert walked == told


def test_the_document_is_served_nowhere(shut: Running) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        for headers, _ in CALLERS.values():
            assert requests.get(shut.url + path, headers=headers, timeout=5).status_code == 404
