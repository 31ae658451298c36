"""The gateway's own OpenAPI document, held against a running gateway by schemathesis: good bodies and bad ones, on every route."""

from pathlib import Path

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

from benchmarks.servers import Running
from gateway.app import create_app
from gateway.settings import load_settings

load_all_checks()
KEY = {"authorization": "Bearer sk-shop"}
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
    403: {"ip_not_allowed", "origin_not_allowed"},
    404: {"not_found", "model_not_found", "file_not_found"},
    405: {"method_not_allowed"},
    413: {"body_too_large", "image_too_large", "pdf_too_large"},
    415: {"unsupported_media_type"},
}


@schemathesis.check
def the_contracts_error(ctx: CheckContext, response: Response, case: Case) -> None:
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


@pytest.fixture
def document(gateway: Running, tmp_path: Path) -> schemathesis.BaseSchema:
    app = create_app(load_settings(data_dir=tmp_path))
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.config.update(base_url=gateway.url)
    return schema


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_route_does_what_its_document_says(document: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    walked = 0
    for operation in (found.ok() for found in document.get_all_operations()):
        if mode is GenerationMode.NEGATIVE and not operation.body:
            continue  # a path is a string, and any string is one

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=15 if operation.body else 4,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: Case) -> None:
            case.call_and_validate(checks=CHECKS, headers=KEY)

        holds()
        walked += 1
    assert walked >= (20 if mode is GenerationMode.POSITIVE else 5)


def test_the_document_is_served_nowhere(gateway: Running) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert requests.get(gateway.url + path, timeout=5).status_code == 404
