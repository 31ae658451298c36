"""`python -m inference.lite.health`: the container's health check.

Ends with 0 if the engine on PORT has answered a question with text.
"""

import json
import os
import sys
import urllib.request

from inference.request_log import HEALTH_CHECK

ANSWER_SECONDS = 12  # on a machine that is busy with others
QUESTION = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 16}


def main() -> int:
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 3002}/v1/chat/completions"
    body = json.dumps({"model": "sightdesk-lite", **QUESTION}).encode()
    headers = {"content-type": "application/json", "x-request-id": HEALTH_CHECK}
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - its own address, by http
            said = json.load(answer)["choices"][0]["message"]["content"]
    except (OSError, ValueError, LookupError) as error:
        return unhealthy(f"no answer: {error}")
    return 0 if said else unhealthy("an answer without text")


def unhealthy(reason: str) -> int:
    print(reason)  # noqa: T201 - `docker inspect` shows it
    return 1


if __name__ == "__main__":
    sys.exit(main())
