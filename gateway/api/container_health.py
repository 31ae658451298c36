"""`python -m gateway.api.container_health`: the container's health check.

Ends with 0 if the gateway on PORT answers and has written into its database within the last
seconds. Which engines answer is no part of it: each engine's container has its own check.
"""

import json
import os
import sys
import urllib.error
import urllib.request

ANSWER_SECONDS = 10  # on a machine that is busy with others


def main() -> int:
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/readyz"
    try:
        is_writable = database_of(url)["writable"]
    except (OSError, ValueError, LookupError) as error:
        return unhealthy(f"no answer: {error}")
    return 0 if is_writable is True else unhealthy("the database takes no write")


def database_of(url: str) -> dict[str, object]:
    """`database` of /readyz. Raises OSError, ValueError, LookupError."""
    try:
        answer = urllib.request.urlopen(url, timeout=ANSWER_SECONDS)  # noqa: S310 - http
    except urllib.error.HTTPError as error:
        answer = error  # 503 while no engine answers, with the same body
    with answer:
        found: dict[str, object] = json.load(answer)["database"]
    return found


def unhealthy(reason: str) -> int:
    print(reason)  # noqa: T201 - `docker inspect` shows it
    return 1


if __name__ == "__main__":
    sys.exit(main())
