"""The official OpenAI SDK: a whole answer with its citations, and a streamed one."""

import base64
import os
from pathlib import Path

import openai

# `make demo` needs no key, but the SDK does.
client = openai.OpenAI(
    base_url=os.environ.get("SIGHTDESK_URL", "http://127.0.0.1:8000") + "/v1",
    api_key=os.environ.get("SIGHTDESK_KEY", "none"),
)
screenshot = Path(__file__).parents[1] / "screens" / "waybill.png"
picture = "data:image/png;base64," + base64.b64encode(screenshot.read_bytes()).decode()
messages = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "运单号是多少？"},
            {"type": "image_url", "image_url": {"url": picture}},
        ],
    }
]

whole = client.chat.completions.create(model="sightdesk", messages=messages)
print(whole.choices[0].message.content)
print("citations:", [citation["title"] for citation in whole.model_extra["sightdesk"]["citations"]])

for chunk in client.chat.completions.create(model="sightdesk", messages=messages, stream=True):
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
