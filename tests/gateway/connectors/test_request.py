"""How arguments get into a request, and what they cannot do there."""

import json
from typing import Any

import pytest

from gateway.connectors.environment import Environment
from gateway.connectors.problems import Wrong
from gateway.connectors.request import (
    RequestTemplate,
    Unfit,
    read_address,
    read_body,
    read_headers,
)
from gateway.connectors.templates import parse

ENVIRONMENT = Environment({"CONNECTOR_URL": "https://erp.example/api", "CONNECTOR_T": "{caller.x}"})


def request(url: str, **parts: Any) -> RequestTemplate:
    return RequestTemplate(
        parts.get("method", "POST"),
        read_address(url, ENVIRONMENT),
        read_headers(parts.get("headers", {}), ENVIRONMENT),
        tuple((name, parse(text, ENVIRONMENT)) for name, text in parts.get("query", {}).items()),
        read_body(parts.get("json"), ENVIRONMENT),
    )


def test_a_path_argument_is_one_segment_percent_encoded() -> None:
    made = request("${CONNECTOR_URL}/orders/{order}/items")
    filled = made.fill({"order": "甲 乙?#&=;é+1"})
    assert filled.url == (
        "https://erp.example/api/orders/%E7%94%B2%20%E4%B9%99%3F%23%26%3D%3B%C3%A9%2B1/items"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "..", ".", "", "a/b", "../../admin", "a\\b", "%2F", "a%2fb", "%252e%252e", "%2e%2e", "%5c",
        "a\r\nHost: x", "a\x00b", "a\x7f", "\n", " .. ", "%0d%0a",
    ],
)  # fmt: skip
def test_a_path_argument_cannot_add_or_remove_a_segment(hostile: str) -> None:
    with pytest.raises(Unfit, match="order"):
        request("${CONNECTOR_URL}/orders/{order}").fill({"order": hostile})


def test_a_percent_sign_stays_itself() -> None:
    assert request("http://x/{a}").fill({"a": "50%"}).url == "http://x/50%25"


def test_two_arguments_in_one_segment_cannot_become_dots() -> None:
    with pytest.raises(Unfit):
        request("http://x/a/{p}{q}").fill({"p": ".", "q": "."})


@pytest.mark.parametrize(
    "url",
    [
        "http://{host}/a", "{scheme}://x/a", "http://x.{tld}/a", "http://x:{port}/", "{url}",
        "ftp://x/", "http:///a", "http://x/#a", "http://x/a b", "/only/a/path", "http://[::1/",
        "http://{user}@x/", "http://x/{a", "http://x/a}", "http://x/?{name}=1",
    ],
)  # fmt: skip
def test_an_address_whose_host_an_argument_could_choose_is_refused(url: str) -> None:
    with pytest.raises(Wrong):
        request(url)


@pytest.mark.parametrize("name", ["PATH", "HOME", "API_KEYS", "CONNECTOR_MISSING", "connector_url"])
def test_only_names_that_begin_with_connector_are_filled_in(name: str) -> None:
    with pytest.raises(Wrong, match=name):
        request(f"http://x/${{{name}}}")


def test_what_the_environment_holds_is_never_a_placeholder() -> None:
    filled = request("http://x/", headers={"X-A": "${CONNECTOR_T}"}).fill({"caller.x": "no"})
    assert filled.headers == ((b"X-A", b"{caller.x}"),)


def test_query_arguments_are_encoded_repeated_or_left_out() -> None:
    made = request(
        "http://x/s?fixed=1&w={word}", query={"tag": "{tags}", "who": "u-{who}", "none": "{none}"}
    )
    filled = made.fill({"word": "a&b=c", "tags": ["x", "y z"], "who": "m"})
    assert filled.url == "http://x/s?fixed=1&w=a%26b%3Dc&tag=x&tag=y%20z&who=u-m"


def test_a_json_text_that_is_one_placeholder_keeps_the_arguments_type() -> None:
    made = request(
        "http://x/",
        json={"n": "{n}", "s": "no. {n}", "l": ["{a}", "{gone}"], "gone": "{gone}", "lit": "{{x}}",
              "fixed": {"deep": True, "none": None, "number": 3}},
    )  # fmt: skip
    content = made.fill({"n": 5, "a": {"x": [1]}}).content
    assert content is not None
    assert json.loads(content) == {
        "n": 5, "s": "no. 5", "l": [{"x": [1]}], "lit": "{x}",
        "fixed": {"deep": True, "none": None, "number": 3},
    }  # fmt: skip


def test_a_json_argument_cannot_end_its_text() -> None:
    content = request("http://x/", json={"a": "say {a}"}).fill({"a": '", "admin": true, "x": "'})
    assert json.loads(content.content or b"") == {"a": 'say ", "admin": true, "x": "'}


@pytest.mark.parametrize("hostile", ["a\r\nX-Admin: 1", "a\nb", "\x00", "a\x7f", "x" * 5000])
def test_a_header_argument_cannot_add_a_header(hostile: str) -> None:
    with pytest.raises(Unfit):
        request("http://x/", headers={"X-User": "{caller.user}"}).fill({"caller.user": hostile})


def test_a_user_with_chinese_letters_stands_in_a_header_as_utf_8() -> None:
    filled = request("http://x/", headers={"X-User": "{caller.user}"}).fill({"caller.user": "美"})
    assert filled.headers == ((b"X-User", "美".encode()),)


@pytest.mark.parametrize("name", ["Host", "content-length", "X Y", "", "a:b", "Idempotency-Key"])
def test_headers_of_the_connection_and_malformed_names_are_refused(name: str) -> None:
    with pytest.raises(Wrong):
        read_headers({name: "1"}, ENVIRONMENT)
