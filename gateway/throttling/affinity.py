"""Which engine a conversation prefers: the one that holds its prefix cache."""

import hashlib
from collections.abc import Sequence

from gateway.upstream.upstream import Upstream

# The preferred engine is left once it is busier than the idlest by this share of its slots.
MAX_SHARE = 1 / 4


def preferred(free: Sequence[Upstream], affinity: str) -> Upstream:
    """The engine that this conversation prefers, unless it is much busier than the idlest."""
    favourite = max(free, key=lambda upstream: _weight(affinity, upstream.url))
    idlest = min(free, key=lambda upstream: upstream.inflight)
    slack = max(1, int(favourite.max_concurrent * MAX_SHARE))
    return favourite if favourite.inflight <= idlest.inflight + slack else idlest


def _weight(affinity: str, url: str) -> bytes:
    """Highest-random-weight hashing (Thaler and Ravishankar, 1998): an engine that leaves moves
    only its own share of the conversations. By URL, which is the same on every gateway."""
    return hashlib.blake2b(f"{affinity}\0{url}".encode(), digest_size=8).digest()
