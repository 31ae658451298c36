"""The official OpenAI JavaScript SDK, which `scripts/engine-env` fetches by version and digest."""

import json
import subprocess

from tests.support.paths import ROOT
from tests.support.servers import Running, wait_until
from tests.support.vllm import Engine

SDK = ROOT / ".cache" / "openai-js" / "package" / "index.mjs"


def test_the_javascript_sdk_gets_all_that_the_python_sdk_gets(
    gateway: Running, engine: Engine
) -> None:
    command = ["node", "tests/engine/sdk.mjs", SDK.as_uri(), gateway.url + "/v1", "sk-shop"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert {"sightdesk", "Qwen3-VL-2B"} <= set(seen["models"])
    assert seen["whole"] == seen["streamed"]
    assert seen["usage"]["completion_tokens"] == seen["streamedUsage"]["completion_tokens"]
    assert seen["call"]["name"] == "order_status"
    assert 1 <= json.loads(seen["call"]["arguments"])["number"] <= 99
    for chosen in (
        seen["chosen"],
        seen["chosenStreamed"],
    ):  # by the model itself, read by vLLM's tool parser
        assert (chosen["name"], json.loads(chosen["arguments"])) == ("order_status", {"number": 42})
    assert seen["refused"] == {
        "status": 400,
        "code": "unsupported_parameter",
        "param": "chat_template",
    }
    wait_until(lambda: engine.gauges()["num_requests_running"] == 0, 10)
