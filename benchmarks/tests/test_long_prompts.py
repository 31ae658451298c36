"""Engines that tell of their tokens: long prompts wait less, and short ones no longer."""

from benchmarks.long_prompts import LONG, SHORT, simulated
from benchmarks.relay.load import percentile


def test_long_prompts_spread_better_by_tokens_than_by_requests() -> None:
    requests, tokens = (simulated(0.8, 800, 1, tells=tells) for tells in (False, True))
    for kind, part in ((LONG, 0.6), (SHORT, 1.0)):
        by_requests = percentile(requests.first[kind], 95)
        assert percentile(tokens.first[kind], 95) < by_requests * part
