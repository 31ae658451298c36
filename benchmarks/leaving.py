"""How soon vLLM is free of a request whose client has left, as a table."""

import contextlib
import statistics

from tests.support.vllm_disconnects import CASES, REPEATS, TooSoon, leave_while_running


def table(
    gateway: str, engine: str, model: str, key: str, rounds: int = 5, repeats: int = REPEATS
) -> str:
    lines = [
        "| a client that leaves | vLLM runs nothing after, s: median | longest | to reach |",
        "| --- | ---: | ---: | ---: |",
    ]
    for case in CASES:
        took: list[float] = []
        for _ in range(3 * rounds):
            with contextlib.suppress(TooSoon):
                took.append(leave_while_running(gateway, engine, case, model, key, repeats))
            if len(took) == rounds:
                break
        if took:
            lines.append(f"| {case.name} | {statistics.median(took):.2f} | {max(took):.2f} | 0.5 |")
        else:
            lines.append(f"| {case.name} | the answer always began before | | 0.5 |")
    return "\n".join(lines)
