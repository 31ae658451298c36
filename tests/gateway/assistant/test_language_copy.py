"""The gateway and `lite` are installed apart, so the rules about names stand in both."""

import pytest

from gateway.assistant import language as of_gateway
from inference.lite import language as of_lite


@pytest.mark.parametrize("name", ["CODE", "QUOTED", "HAN_RUN", "NAME", "OF_A_SENTENCE"])
def test_both_know_the_same_names(name: str) -> None:
    assert getattr(of_gateway, name).pattern == getattr(of_lite, name).pattern
