"""POST /v1/embeddings: OpenAI's format, both models, bounds."""

import base64
import json
import time
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import pytest

from inference.lite.embedding.onnx_file import Graph
from tests.support.servers import Running

READY_SECONDS = 90


def ask(lite: Running, **body: Any) -> tuple[int, Any]:
    """(status, JSON). Waits while the models are being loaded."""
    request = urllib.request.Request(
        f"{lite.url}/v1/embeddings",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503 or time.monotonic() > deadline:
                return error.code, json.load(error)
            time.sleep(0.1)


def vectors(lite: Running, texts: list[str], **more: Any) -> "np.ndarray":
    status, answer = ask(lite, input=texts, **more)
    assert status == 200, answer
    return np.array([one["embedding"] for one in answer["data"]])


@pytest.mark.parametrize(
    ("model", "width"),
    [
        ("sightdesk-embedding", 896),
        ("use-multilingual-v3", 512),
        ("multilingual-e5-small", 384),
    ],
)
def test_texts_of_one_meaning_are_near_in_both_languages(
    lite: Running, model: str, width: int
) -> None:
    asked = vectors(lite, ["退款几天到账"], model=model)
    texts = ["Refunds arrive within three days", "Bicycles go into the basement"]
    said = vectors(lite, texts, model=model, input_type="passage")
    assert asked.shape == (1, width)
    assert np.allclose(np.linalg.norm(said, axis=1), 1, atol=1e-3)
    near, far = (asked @ said.T)[0]
    assert near > far + 0.05


def test_base64_holds_the_same_numbers(lite: Running) -> None:
    plain = vectors(lite, ["退款"])[0]
    status, answer = ask(lite, input="退款", encoding_format="base64")
    packed = np.frombuffer(base64.b64decode(answer["data"][0]["embedding"]), "<f4")
    assert status == 200
    assert np.allclose(plain, packed, atol=1e-5)


def test_the_order_of_many_texts_is_kept(lite: Running) -> None:
    texts = ["退款 " * (number % 7 + 1) + str(number) for number in range(20)]
    together = vectors(lite, texts)
    assert np.allclose(together[13], vectors(lite, [texts[13]])[0], atol=0.05)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"input": []}, 400, "input"),
        ({"input": ["a"] * 257}, 400, "input"),
        ({"input": 5}, 400, "input"),
        ({"input": "a", "model": "gpt"}, 404, "model"),
        ({"input": "a", "input_type": "poem"}, 400, "input_type"),
        ({"input": "a", "encoding_format": "hex"}, 400, "encoding_format"),
        ({"input": "a", "dimensions": 5}, 400, "dimensions"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    lite: Running, body: dict[str, Any], status: int, param: str
) -> None:
    got, answer = ask(lite, **body)
    assert (got, answer["error"]["param"]) == (status, param)


@pytest.mark.parametrize("text", ["", " ", "\0", "😀" * 3000, "a" * 100_000])
def test_odd_texts_have_vectors_too(lite: Running, text: str) -> None:
    made = vectors(lite, [text])
    assert np.isfinite(made).all()


def test_a_written_onnx_model_runs() -> None:
    import onnxruntime

    graph = Graph()
    weight = graph.constant("w", np.array([[1, 2], [3, 4]], np.float32))
    graph.add("MatMul", ["x", weight], ["y"])
    model = graph.model({"x": ("float32", ["n", 2])}, {"y": ("float32", ["n", 2])})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.array([[1, 1]], np.float32)})[0].tolist() == [[4, 6]]
