"""`python -m inference.health`: the container's health. 0 only when a token was written and /v1/models lists the model."""

import json
import sys
import time
import urllib.request
from os import environ

from inference.faults import Fault
from inference.options import read_options, status_file
from inference.status import BEAT_SECONDS


def main() -> int:
    try:
        options = read_options(environ)
        state = json.loads(status_file(environ).read_text("utf-8"))
        if state["phase"] != "ready" or abs(time.time() - state["updated_at"]) > 6 * BEAT_SECONDS:
            return _unhealthy(f"{state['phase']} {state.get('detail') or ''}")
        with urllib.request.urlopen(f"{options.url}/v1/models", timeout=4) as answer:  # noqa: S310 - always http
            return 0 if json.load(answer)["data"] else _unhealthy("no model is listed")
    except (Fault, OSError, ValueError, KeyError) as error:
        return _unhealthy(str(error))


def _unhealthy(reason: str) -> int:
    print(reason.strip())  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
