"""The main job from end to end: gateway, embedded engine, knowledge, and the official SDK."""

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import requests
from PIL import Image

from tests.support.paths import ROOT, SCREENS
from tests.support.pictures import header_only_png, pdf
from tests.support.screens import data_url, picture_message, screen
from tests.support.servers import Running


def ask(desk: Running, *messages: object, **more: object) -> requests.Response:
    body: dict[str, Any] = {"model": "sightdesk", "messages": list(messages), **more}
    return requests.post(desk.url + "/v1/chat/completions", json=body, timeout=60)


def test_the_error_in_the_picture_and_the_clause_that_helps(desk: Running) -> None:
    answer = ask(
        desk, picture_message("这张图显示了什么错误?我该怎么解决?", screen("browser-error"))
    ).json()
    words = answer["choices"][0]["message"]["content"]
    assert "ERR_CONNECTION_TIMED_OUT" in words
    assert "1.1" in words
    assert answer["sightdesk"]["citations"][0]["id"] == "zh-CN/app-troubleshooting#1.1"
    assert answer["model"] == "sightdesk-lite"


def test_the_return_process_cites_the_after_sales_clause(desk: Running) -> None:
    answer = ask(desk, {"role": "user", "content": "退货流程是什么?"}).json()
    assert answer["sightdesk"]["citations"][0]["id"] == "zh-CN/after-sales#3.1"


@pytest.fixture
def client(desk: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=desk.url + "/v1", api_key="none", max_retries=0) as made:
        yield made


def test_the_sdk_streams_and_answers_whole(client: openai.OpenAI) -> None:
    messages = [picture_message("运单号是多少?", screen("waybill"))]
    whole = client.chat.completions.create(model="sightdesk", messages=messages)
    stream = client.chat.completions.create(model="sightdesk", messages=messages, stream=True)
    words = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert words == whole.choices[0].message.content
    assert "SF1402857369214" in words
    assert whole.usage is not None
    assert "sightdesk" in [model.id for model in client.models.list()]


def test_a_file_uploaded_once_is_asked_about_by_its_id(desk: Running) -> None:
    data = (SCREENS / "waybill.png").read_bytes()
    with requests.Session() as session:
        session.get(desk.url + "/api/config", timeout=5)
        stored = session.post(
            desk.url + "/api/files", files={"file": ("waybill.png", data)}, timeout=20
        ).json()
        part = {"type": "file", "file": {"file_id": stored["id"]}}
        message: dict[str, Any] = {
            "role": "user",
            "content": [{"type": "text", "text": "运单号是多少?"}, part],
        }
        answer = session.post(
            desk.url + "/api/chat", json={"messages": [message], "stream": True}, timeout=60
        )
        assert "SF1402857369214" in answer.text
        assert '"conversation"' in answer.text
        assert answer.text.endswith("data: [DONE]\n\n")
        stranger = requests.post(
            desk.url + "/api/chat", json={"messages": [message], "stream": False}, timeout=60
        )
        assert stranger.json()["error"]["code"] == "file_not_found"


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        (data_url(header_only_png(30_000, 30_000)), 413, "image_too_large"),
        (data_url((SCREENS / "waybill.png").read_bytes()[:9000]), 400, "invalid_image"),
        (data_url(b"<svg/>"), 415, "unsupported_media_type"),
        (data_url(pdf(500), "application/pdf"), 413, "pdf_too_large"),
        ("https://example.com/a.png", 400, "invalid_image"),
        ("file:///etc/passwd", 400, "invalid_image"),
    ],
)
def test_a_bad_picture_gets_its_error_and_the_next_good_one_an_answer(
    desk: Running, url: str, status: int, code: str
) -> None:
    answer = ask(desk, picture_message("?", url))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["param"] == "messages.0.content.1"
    assert ask(desk, picture_message("错误代码?", screen("app-error"))).status_code == 200


def test_a_one_pixel_picture_is_answered(desk: Running) -> None:
    made = io.BytesIO()
    Image.new("RGB", (1, 1)).save(made, "PNG")
    assert "图里没有文字" in ask(desk, picture_message("这是什么?", data_url(made.getvalue()))).text


def test_nine_pictures_are_too_many(desk: Running) -> None:
    answer = ask(desk, picture_message("?", *[screen("app-error")] * 9))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "too_many_images")


def test_a_megabyte_of_text_is_too_long_for_the_context(desk: Running) -> None:
    answer = ask(desk, {"role": "user", "content": "退货" * 170_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_the_call_of_many_articles_simply_works(desk: Running) -> None:
    made = {"SIGHTDESK_URL": desk.url, "PATH": "/usr/bin:/bin"}
    for program in ("requests_plain.py", "openai_sdk.py"):
        command = [sys.executable, str(ROOT / "examples/client" / program)]
        finished = subprocess.run(command, env=made, capture_output=True, text=True, timeout=90)
        assert finished.returncode == 0, finished.stderr
        assert "SF1402857369214" in finished.stdout
