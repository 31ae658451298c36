"""`python -m inference.health`: the container's health check.

Ends with 0 only if the launcher's status is "ready", which means that vLLM wrote a token, and
/v1/models lists a model now.
"""

import json
import sys
import time
import urllib.request

from inference.faults import Fault
from inference.settings import Settings
from inference.status import BEAT_SECONDS

STALE_BEATS = 6  # a status file older than this many beats says nothing
ANSWER_SECONDS = 4


def main() -> int:
    try:
        settings = Settings.read()
        state = json.loads(settings.engine_status_file.read_text("utf-8"))
        age = abs(time.time() - state["updated_at"])
        if state["phase"] != "ready" or age > STALE_BEATS * BEAT_SECONDS:
            return _unhealthy(f"{state['phase']} {state.get('detail') or ''}")
        url = f"{settings.url}/v1/models"
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http
            return 0 if json.load(answer)["data"] else _unhealthy("no model is listed")
    except (Fault, OSError, ValueError, KeyError) as error:
        return _unhealthy(str(error))


def _unhealthy(reason: str) -> int:
    print(reason.strip())  # noqa: T201 - `docker inspect` shows it
    return 1


if __name__ == "__main__":
    sys.exit(main())
