"""Every parameter of the contract: accepted, at its bound, beyond it, and of a wrong type.

One table, sent to a running gateway. What is accepted must arrive at the engine.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests
from pydantic import ValidationError

from gateway.openai.chat_request import ChatRequest
from tests.support.servers import Running

MESSAGE = {"role": "user", "content": "hi"}
CONTEXT = 8192  # MAX_MODEL_LEN of the gateway under test


def tool(name: str = "look_up", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def schema(size: int) -> dict[str, Any]:
    """A response_format whose json_schema has `size` bytes as JSON."""
    made = {"name": "a", "schema": {"x": ""}}
    made["schema"] = {"x": "a" * (size - len('{"name":"a","schema":{"x":""}}'))}
    return {"type": "json_schema", "json_schema": made}


def tools(size: int) -> list[dict[str, Any]]:
    empty = '[{"type":"function","function":{"name":"look_up","description":""}}]'
    return [tool(description="a" * (size - len(empty)))]


class Row(NamedTuple):
    name: str
    taken: tuple[Any, ...]
    refused: tuple[Any, ...]  # beyond the bound, or of a wrong type
    passed_on: bool = True


NUMBERS: tuple[Any, ...] = ("1", True, [1], {"a": 1})
ROWS = (
    Row("model", ("fake-vl",), ("a" * 257, 1, ["fake-vl"]), passed_on=False),
    Row("messages", ([MESSAGE], [MESSAGE] * 200), ([], [MESSAGE] * 201, "hi", {}, [1], [{}]),
        passed_on=False),
    Row("stream", (False, True), ("true", 1, []), passed_on=False),
    Row("stream_options", ({"include_usage": True}, {}), ({"include_usage": "yes"}, True, []),
        passed_on=False),
    Row("temperature", (0, 0.7, 2), (-0.01, 2.01, *NUMBERS)),
    Row("top_p", (0.01, 1), (0, -0.1, 1.01, *NUMBERS)),
    Row("top_k", (-1, 0, 1000), (-2, 1001, 1.5, *NUMBERS)),
    Row("min_p", (0, 1), (-0.01, 1.01, *NUMBERS)),
    Row("presence_penalty", (-2, 2), (-2.01, 2.01, *NUMBERS)),
    Row("frequency_penalty", (-2, 2), (-2.01, 2.01, *NUMBERS)),
    Row("repetition_penalty", (0.01, 2), (0, 2.01, *NUMBERS)),
    Row("max_tokens", (1, 100), (0, -1, CONTEXT + 1, 1.5, *NUMBERS)),
    Row("max_completion_tokens", (1, 100), (0, CONTEXT + 1, *NUMBERS), passed_on=False),
    Row("stop", ("x", "x" * 64, ["a", "b", "c", "d"], []),
        ("x" * 65, ["a"] * 5, ["x" * 65], "", 1, [1], {})),
    Row("seed", (0, -(2**63), 2**63 - 1), (2**63, -(2**63) - 1, 1.5, *NUMBERS)),
    Row("n", (1,), (0, 2, -1, 1.0, *NUMBERS), passed_on=False),
    Row("logprobs", (True, False), ("true", 1, 5)),
    Row("top_logprobs", (0, 5), (-1, 6, *NUMBERS), passed_on=False),
    Row(
        "response_format",
        ({"type": "text"}, {"type": "json_object"}, schema(16 * 1024)),
        (schema(16 * 1024 + 1), {"type": "json_schema"}, {"type": "grammar"}, "text", {}, []),
    ),
    Row(
        "tools",
        ([tool(f"t{number}") for number in range(32)], tools(64 * 1024),
         [tool(parameters={"type": "object"})]),
        (
            [tool(f"t{number}") for number in range(33)], tools(64 * 1024 + 1), [tool("a b")],
            [tool("")], [tool("a" * 65)],
            [{"type": "code"}], [1], "look_up", {},
        ),
    ),
    Row("tool_choice", ("none", "auto", "required", tool()), ("any", 1, {"type": "function"}, [])),
    Row("parallel_tool_calls", (True, False), ("true", 1)),
    Row("user", ("", "a" * 256), ("a" * 257, 1, {})),
    Row(
        "metadata",
        ({}, {"a": "b"}, {"a": "b" * (16 * 1024 - 8)}, None),
        ("a", 1, [], True, {"a": "b" * (16 * 1024 - 7)}, {"a": 2**64}),
        passed_on=False,
    ),
    Row("store", (True, False, None), ("true", "", 1, 0, 1.0, [], {}), passed_on=False),
)  # fmt: skip

# facts.md, "What a gateway keeps from the engine", and their like in vLLM and OpenAI.
KEPT = (
    "chat_template", "chat_template_kwargs", "mm_processor_kwargs", "media_io_kwargs", "documents",
    "kv_transfer_params", "vllm_xargs", "priority", "logit_bias", "guided_json", "guided_regex",
    "guided_choice", "guided_grammar", "guided_decoding_backend", "guided_whitespace_pattern",
    "structured_outputs", "structural_tag", "best_of", "use_beam_search", "length_penalty",
    "early_stopping", "prompt_logprobs", "prompt_embeds", "image_embeds", "audio_embeds",
    "min_tokens", "ignore_eos", "stop_token_ids", "include_stop_str_in_output",
    "skip_special_tokens", "spaces_between_special_tokens", "truncate_prompt_tokens",
    "add_generation_prompt", "continue_final_message", "add_special_tokens", "bad_words",
    "allowed_token_ids", "logits_processors", "return_token_ids", "return_tokens_as_token_ids",
    "cache_salt", "request_id", "echo", "functions", "function_call", "modalities", "audio",
    "prediction", "reasoning_effort", "service_tier", "web_search_options", "verbosity", "prompt",
    "suffix", "input", "sightdesk", "conversation_id", "lora_request", "detokenize",
)  # fmt: skip
# Parts of a message that no picture or text is.
PARTS = (
    {"type": "video_url", "video_url": {"url": "https://a.example/b.mp4"}},
    {"type": "audio_url", "audio_url": {"url": "https://a.example/b.mp3"}},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    {"type": "image_embeds", "image_embeds": "AAAA"},
    {"type": "audio_embeds", "audio_embeds": "AAAA"},
    {"type": "prompt_embeds", "data": "AAAA"},
    {"type": "image_pil", "image_pil": "AAAA"},
    {"type": "refusal", "refusal": "no"},
    {"type": "thinking", "thinking": "hm"},
)
ADDRESSES = (
    "http://8.8.8.8/a.png",
    "https://a.example/a.png",
    "file:///etc/passwd",
    "s3://bucket/a.png",
    "//a.example/a.png",
)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def ask(gateway: Running, session: requests.Session, **parameters: Any) -> requests.Response:
    body = {"model": "fake-vl", "messages": [MESSAGE], **parameters}
    return session.post(gateway.url + "/v1/chat/completions", json=body, timeout=20)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_parameter_is_taken_within_its_bounds_and_refused_beyond_them(
    gateway: Running, engine: Running, session: requests.Session, row: Row
) -> None:
    for value in row.taken:
        answer = ask(gateway, session, **{row.name: value})
        assert answer.status_code == 200, (value, answer.text[:300])
        sent = session.get(engine.url + "/state", timeout=5).json()["bodies"][-1]
        if row.passed_on:
            assert sent[row.name] == value
        elif row.name in ("n", "metadata", "store"):
            assert row.name not in sent
    for value in row.refused:
        answer = ask(gateway, session, **{row.name: value})
        assert answer.status_code == 400, (value, answer.text[:300])
        error = answer.json()["error"]
        assert error["code"] == "invalid_request"
        assert error["param"].split(".")[0] == row.name


def test_the_table_has_every_parameter_that_is_taken() -> None:
    assert {row.name for row in ROWS} == set(ChatRequest.model_fields)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_on_the_list_is_refused_by_name(
    gateway: Running, session: requests.Session, name: str
) -> None:
    values: tuple[Any, ...] = (1, {})
    for value in values:
        answer = ask(gateway, session, **{name: value})
        assert (answer.status_code, answer.json()["error"]["code"]) == (
            400,
            "unsupported_parameter",
        )
        assert answer.json()["error"]["param"] == name
        assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["type"])
def test_a_part_that_is_no_text_picture_or_file_is_refused(
    gateway: Running, session: requests.Session, part: dict[str, Any]
) -> None:
    answer = ask(gateway, session, messages=[{"role": "user", "content": [part]}])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == "messages.0.content.0"


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_address_reaches_the_engine(
    gateway: Running, session: requests.Session, url: str
) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    answer = ask(gateway, session, messages=[{"role": "user", "content": [part]}])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_image")


def test_unknown_keys_inside_messages_are_dropped(
    gateway: Running, engine: Running, session: requests.Session
) -> None:
    message = {**MESSAGE, "refusal": None, "reasoning": "x", "cache_control": {"type": "ephemeral"}}
    assert ask(gateway, session, messages=[message]).status_code == 200
    assert session.get(engine.url + "/state", timeout=5).json()["bodies"][-1]["messages"] == [
        MESSAGE
    ]


def test_each_tenant_has_a_cache_of_its_own(
    gateway: Running, engine: Running, session: requests.Session
) -> None:
    salts = set()
    for key in ("sk-shop", "sk-other"):
        for _ in range(2):
            requests.post(
                gateway.url + "/v1/chat/completions",
                json={"model": "fake-vl", "messages": [MESSAGE]},
                headers={"authorization": f"Bearer {key}"},
                timeout=20,
            )
            salts.add(
                session.get(engine.url + "/state", timeout=5).json()["bodies"][-1]["cache_salt"]
            )
    assert len(salts) == 2


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_parameter_of_null_counts_as_not_given(
    gateway: Running, session: requests.Session, row: Row
) -> None:
    answer = ask(gateway, session, **{row.name: None})
    if row.name in ("model", "messages"):
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, row.name)
    else:
        assert answer.status_code == 200, answer.text[:300]


NULLS: tuple[dict[str, Any], ...] = (
    {"stream": True, "stream_options": {"include_usage": None}},
    {"stream": True, "stream_options": {"include_obfuscation": None}},
    {
        "function_call": None,
        "functions": None,
        "tools": None,
        "tool_choice": "none",
        "stream_options": None,
    },
    {
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": None, "parameters": None, "extra": None},
            }
        ]
    },
    {"response_format": {"type": "text", "json_schema": None}},
    {"messages": [{"role": "system", "content": ""}, MESSAGE]},
    {
        "messages": [
            {"role": "system", "content": None},
            {"role": "developer", "content": []},
            MESSAGE,
        ]
    },
    {"messages": [MESSAGE, {"role": "assistant", "content": ""}, MESSAGE]},
    {"messages": [{**MESSAGE, "name": None, "tool_calls": None, "tool_call_id": None}]},
    {
        "messages": [
            MESSAGE,
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": "c", "type": None, "function": {"name": "f", "arguments": ""}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": ""},
        ]
    },
)


@pytest.mark.parametrize("given", NULLS, ids=lambda given: ",".join(given))
def test_null_and_empty_options_are_taken_at_every_level(
    gateway: Running, session: requests.Session, given: dict[str, Any]
) -> None:
    answer = ask(gateway, session, **given)
    assert answer.status_code == 200, answer.text[:300]


def test_null_inside_a_schema_is_a_value(
    gateway: Running, engine: Running, session: requests.Session
) -> None:
    parameters = {"type": "object", "properties": {"a": {"enum": ["x", None], "default": None}}}
    assert ask(gateway, session, tools=[tool(parameters=parameters)]).status_code == 200
    sent = session.get(engine.url + "/state", timeout=5).json()["bodies"][-1]
    assert sent["tools"][0]["function"]["parameters"] == parameters


@pytest.mark.parametrize(
    ("given", "param", "details"),
    [
        ({"logit_bias": {}}, "logit_bias", {"name": "logit_bias"}),
        ({"stream_options": {"x": 1}}, "stream_options.x", {"name": "stream_options.x"}),
        ({"temperature": 3}, "temperature", {"name": "temperature", "limit": 2}),
        (
            {"max_tokens": 9000},
            "max_tokens",
            {"name": "max_tokens", "limit": CONTEXT, "size": 9000},
        ),
        (
            {"metadata": {"a": "b" * 16384}},
            "metadata",
            {"name": "metadata", "limit": 16384, "size": 16392},
        ),
        (
            {"messages": [MESSAGE] * 201},
            "messages",
            {"name": "messages", "limit": 200, "size": 201},
        ),
        ({"user": "a" * 300}, "user", {"name": "user", "limit": 256}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_tells_programs_its_place_and_bound(
    gateway: Running,
    session: requests.Session,
    given: dict[str, Any],
    param: str,
    details: dict[str, Any],
) -> None:
    error = ask(gateway, session, **given).json()["error"]
    assert (error["param"], error["details"]) == (param, details)


@pytest.mark.parametrize("content", ["", [{"type": "text", "text": 5, "more": "secret words"}]])
def test_the_text_of_an_error_quotes_nothing_that_was_said(content: Any) -> None:
    messages = [{"role": "user", "content": content, "name": "secret words"}]
    with pytest.raises(ValidationError) as raised:
        ChatRequest.model_validate({"model": "sightdesk", "messages": messages})
    assert "secret words" not in str(raised.value)
