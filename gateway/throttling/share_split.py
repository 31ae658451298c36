"""How gateways split an engine's places: fair by owner over all of them.

Each gateway computes its own part from what all have told. A part that others still hold is not
taken from them: whoever gives the places out (engine_shares.py) sees to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What one gateway tells about one engine.

    `places`: what the engine takes at once, MAX_CONCURRENT. `used`: of them by this gateway.
    `waiting` requests of `owners` owners, the first for `waited` seconds. `held`: places that the
    others must not take: used ones, and those that this gateway may fill.
    """

    places: int
    used: int
    waiting: int = 0
    owners: int = 0
    waited: float = 0.0
    held: int = 0

    @property
    def wanted(self) -> int:
        return self.used + self.waiting


def part_of(name: str, demands: Mapping[str, Demand]) -> int:
    """The places that the gateway `name` should hold of an engine. `demands`: by gateway."""
    places = demands[name].places
    left = places - sum(demand.wanted for demand in demands.values())
    if left >= 0:  # enough for all: what nobody wants is split evenly, for the next requests
        rank = sorted(demands).index(name)
        even, more = divmod(left, len(demands))
        return demands[name].wanted + even + (rank < more)
    return _fair(places, demands)[name]


def _fair(places: int, demands: Mapping[str, Demand]) -> dict[str, int]:
    """A place at a time to the gateway that has the fewest for its owners; of two, to the one
    where somebody waits longest."""
    parts = dict.fromkeys(demands, 0)
    for _ in range(places):
        open_ones = [name for name, demand in demands.items() if parts[name] < demand.wanted]
        if not open_ones:
            break
        parts[min(open_ones, key=lambda name: _rank(parts[name], name, demands[name]))] += 1
    return parts


def _rank(part: int, name: str, demand: Demand) -> tuple[float, float, str]:
    return ((part + 1) / max(1, demand.owners), -demand.waited, name)
