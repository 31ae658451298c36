"""Waiting for the vectors of a desk's clauses."""

import sys
import time

import requests

VECTOR_SECONDS = 120


def wait_for_vectors(url: str) -> None:
    """Until the clauses can be found by meaning, where the desk does that: before, it finds them by
    words alone. While `lite` still loads its models, building them fails and is tried again."""
    deadline = time.monotonic() + VECTOR_SECONDS
    while time.monotonic() < deadline:
        knowledge = requests.get(url + "/readyz", timeout=10).json().get("knowledge") or {}
        if (knowledge.get("vectors") or {}).get("state", "off") in ("off", "ready"):
            return
        time.sleep(0.2)
    print("clauses are found by words alone, their vectors are missing", file=sys.stderr)
