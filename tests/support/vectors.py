"""Waiting for the vectors of a desk's clauses."""

import time

import requests

VECTOR_SECONDS = 300


def wait_for_vectors(url: str) -> None:
    """Until the clauses can be found by meaning, where the desk does that: before, it finds them by
    words alone. While `lite` still loads its models, building them fails and is tried again.

    A desk that has not read its clauses yet calls its vectors ready too, of none. Raises
    TimeoutError.
    """
    deadline = time.monotonic() + VECTOR_SECONDS
    while time.monotonic() < deadline:
        knowledge = requests.get(url + "/readyz", timeout=60).json().get("knowledge") or {}
        vectors = knowledge.get("vectors") or {"state": "off"}
        if vectors["state"] == "off" or (vectors["state"] == "ready" and vectors["done"]):
            return
        time.sleep(0.2)
    raise TimeoutError(f"{url}: its vectors are not complete after {VECTOR_SECONDS} s")
