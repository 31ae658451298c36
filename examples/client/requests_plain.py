"""A call without an SDK: the JSON is built by hand. SIGHTDESK_URL defaults to `make demo`."""

import base64
import json
import os
from pathlib import Path

import requests

url = os.environ.get("SIGHTDESK_URL", "http://127.0.0.1:8000") + "/v1/chat/completions"
screenshot = Path(__file__).parents[1] / "screens" / "waybill.png"
image = base64.b64encode(screenshot.read_bytes()).decode()

payload = {
    "model": "Qwen3-VL-8B-Instruct-4bit-GPTQ",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64," + image}},
                {"type": "text", "text": "运单号是多少？"},
            ],
        }
    ],
    "max_tokens": 512,
}
response = requests.post(
    url, headers={"Content-Type": "application/json"}, data=json.dumps(payload), timeout=60
)
response.raise_for_status()
print(response.json()["choices"][0]["message"]["content"])
