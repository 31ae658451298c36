"""How gateways split an engine's places."""

import random

import pytest

from gateway.throttling.share_split import Demand, part_of


def parts(**demands: Demand) -> list[int]:
    return [part_of(name, demands) for name in demands]


def test_one_gateway_has_every_place() -> None:
    assert parts(a=Demand(8, 0)) == [8]
    assert parts(a=Demand(8, 8, 20, 3)) == [8]


def test_what_nobody_wants_is_split_evenly() -> None:
    assert parts(a=Demand(8, 0), b=Demand(8, 0), c=Demand(8, 0)) == [3, 3, 2]
    assert parts(a=Demand(8, 4), b=Demand(8, 0)) == [6, 2]


def test_a_gateway_with_work_gets_what_the_others_do_not_want() -> None:
    assert parts(a=Demand(8, 2, 20, 1), b=Demand(8, 1)) == [7, 1]


def test_places_go_by_the_owners_that_wait() -> None:
    assert parts(a=Demand(8, 4, 20, 3), b=Demand(8, 4, 20, 1)) == [6, 2]


def test_the_only_place_goes_to_who_waits_longest() -> None:
    assert parts(a=Demand(1, 1, 5, 1, 0.1), b=Demand(1, 0, 1, 1, 2.0)) == [0, 1]


@pytest.mark.parametrize("seed", range(200))
def test_the_parts_are_never_more_than_the_places(seed: int) -> None:
    chance = random.Random(seed)
    places = chance.randint(1, 40)
    told = {
        f"gateway-{number}": Demand(
            places,
            chance.randint(0, places),
            waiting := chance.choice((0, 0, chance.randint(1, 60))),
            chance.randint(1, waiting) if waiting else 0,
            chance.random(),
        )
        for number in range(chance.randint(1, 6))
    }
    given = [part_of(name, told) for name in told]
    assert sum(given) <= places
    wanted = [demand.wanted for demand in told.values()]
    if sum(wanted) >= places:
        assert sum(given) == places  # no place stays empty while somebody waits
        assert all(part <= most for part, most in zip(given, wanted, strict=True))
