"""Which engine a conversation prefers: the one that holds its prefix cache."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from gateway.upstream.upstream import Upstream

# The preferred engine is left once it has this share of its places more to do than the others have
# on average.
MAX_SHARE = 1 / 4
FEW_ENGINES = 8  # are compared each time, in some microseconds; more are compared once
MAX_REMEMBERED = 20_000  # conversations


class Favourites:
    """The engine that each conversation prefers, of all there are. Where there are many, it is
    found once a conversation."""

    def __init__(self) -> None:
        self._by_affinity: OrderedDict[str, Upstream] = OrderedDict()

    def of(self, affinity: str, upstreams: Sequence[Upstream]) -> Upstream:
        """`upstreams`: all engines, busy ones too."""
        if len(upstreams) <= FEW_ENGINES:
            return favourite_of(upstreams, affinity)
        found = self._by_affinity.get(affinity)
        if found is None or found.left:
            found = self._by_affinity[affinity] = favourite_of(upstreams, affinity)
            if len(self._by_affinity) > MAX_REMEMBERED:
                self._by_affinity.popitem(last=False)
        return found

    def forget(self) -> None:
        """An engine has come: some conversations prefer it."""
        self._by_affinity.clear()


def preferred(
    free: Sequence[Upstream], affinity: str, favourite: Upstream, usual: float = 0.0
) -> Upstream:
    """The engine that this conversation prefers of those that are not much busier than the others:
    consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2018). So one that
    cannot have its first choice comes to the same second one each time. `favourite`: the first
    choice of all engines, also those that are not free. `usual`: tokens of a request."""
    if len(free) == 1:
        return free[0]
    in_tokens = all(upstream.others_tokens is not None for upstream in free)
    unit = max(usual, 1.0) if in_tokens else 1.0
    loads = [load_of(upstream) if in_tokens else upstream.inflight for upstream in free]
    total, others = sum(loads), len(free) - 1
    bounded = [
        upstream
        for upstream, load in zip(free, loads, strict=True)
        if load <= (total - load) / others + slack(upstream) * unit
    ]
    return favourite if favourite in bounded else favourite_of(bounded, affinity)


def load_of(upstream: Upstream) -> float:
    """Tokens of what it works on and of what waits there, where it tells them."""
    return upstream.tokens + (upstream.others_tokens or 0.0)


def is_idle(upstream: Upstream, usual: float) -> bool:
    """Whether it has so little to do that no other engine needs to be looked at."""
    if upstream.others_tokens is None:
        return upstream.inflight <= slack(upstream)
    return load_of(upstream) <= slack(upstream) * usual


def slack(upstream: Upstream) -> int:
    """Requests of usual size that it may have more than the others have on average."""
    return max(1, int(upstream.max_concurrent * MAX_SHARE))


def favourite_of(upstreams: Sequence[Upstream], affinity: str) -> Upstream:
    return max(upstreams, key=lambda upstream: _weight(affinity, upstream.url))


def _weight(affinity: str, url: str) -> bytes:
    """Highest-random-weight hashing (Thaler and Ravishankar, 1998): an engine that leaves moves
    only its own share of the conversations. By URL, which is the same on every gateway."""
    return hashlib.blake2b(f"{affinity}\0{url}".encode(), digest_size=8).digest()
