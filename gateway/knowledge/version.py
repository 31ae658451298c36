"""Digests of what answers are made from: the same for the same content, on every gateway."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

DIGEST_BYTES = 8  # 16 hexadecimal characters
KEPT = 64  # combinations; one is in use at a time


def version_of(parts: Iterable[str | bytes | memoryview]) -> str:
    """A digest of the parts in their order. No file times: a copy of a folder has the version of
    its original."""
    made = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(len(data).to_bytes(8))
        made.update(data)
    return made.hexdigest()


@lru_cache(KEPT)
def combined(clauses: str, corrections: str, persona: str) -> str:
    """One version of the three. It is computed once for each combination, so an answer costs a
    look-up."""
    return version_of((clauses, corrections, persona))
