"""How well limits hold: four gateways share one Redis, which is then stalled, then killed.

Prints how many requests exceeded the limit, and what a request costs more while Redis is stalled.
"""

import asyncio
import signal
import statistics
import time

from tests.support.gateway_group import ROUTES, ask, asked_at_once, client, gateways
from tests.support.redis import redis_server
from tests.support.servers import Running

LIMIT = 600
REQUESTS = 4000


async def one_by_one(gateway: Running, route: str, count: int) -> list[float]:
    """Milliseconds of each of `count` requests."""
    async with client() as http:
        await ask(http, gateway, route)
        return [(await ask(http, gateway, route))[1] * 1000 for _ in range(count)]


def line(name: str, milliseconds: list[float]) -> str:
    return f"{name:24} p50 {statistics.median(milliseconds):6.1f} ms   worst {max(milliseconds):6.1f} ms"


def main() -> None:
    limits = {"RATE_LIMIT_KEY": f"{LIMIT}/minute", "RATE_LIMIT_API": f"{LIMIT}/minute"}
    with redis_server() as (url, _), gateways(4, url, **limits) as four:
        for route in ROUTES:
            passed = asyncio.run(asked_at_once(four, route, REQUESTS))[200]
            over = (passed - LIMIT) / LIMIT
            print(
                f"{route:6} {REQUESTS} requests to 4 gateways, limit {LIMIT}: {passed} passed, overshoot {over:+.2%}"
            )
    with redis_server() as (url, redis), gateways(1, url) as (gateway,):
        for state, act in (
            ("Redis answers", None),
            ("Redis stalled", signal.SIGSTOP),
            ("Redis back", signal.SIGCONT),
            ("Redis killed", signal.SIGKILL),
        ):
            if act is not None:
                redis.send_signal(act)
            if act is signal.SIGCONT:
                time.sleep(2.5)  # the pause after which a gateway tries it again
            for route in ROUTES:
                print(line(f"{state}, {route}", asyncio.run(one_by_one(gateway, route, 100))))


if __name__ == "__main__":
    main()
