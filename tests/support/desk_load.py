"""Load on two gateways, so that each of their metrics moves: one works with `lite` and the example
business, one with an engine that fails as it is told."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from tests.support.business import Business, running_business, running_business_desk
from tests.support.customers import PageCustomer, Staff
from tests.support.http_client import state
from tests.support.outbox import subscribe
from tests.support.servers import Running, running, running_gateway, wait_for, wait_until
from tests.support.webhook_receiver import SECRET, receiving

KEY = {"authorization": "Bearer sk-shop"}
ORDER = "QH202611240061905"


@contextlib.contextmanager
def loaded_gateways(folder: Path) -> Iterator[list[Running]]:
    """Two gateways under load, until the block ends."""
    with contextlib.ExitStack() as stack:
        business = stack.enter_context(running_business())
        desk = stack.enter_context(running_business_desk(business.url))
        receiver = stack.enter_context(receiving())
        engine = stack.enter_context(running("tests.support.fake_engine", {}))
        folder.mkdir(exist_ok=True)
        faulty = stack.enter_context(
            running_gateway(
                engine.url,
                folder,
                ENGINE="cpu",
                READER_URL="",
                API_KEYS="shop:sk-shop",
                RATE_LIMIT_IP="1/minute",
                MAX_CONCURRENT="1",
                MAX_QUEUED="0",
                BREAKER_FAILURES="1000",
                CONNECTORS_DIR=str(subscribe(folder, receiver.url)),
                CONNECTOR_SECRET=SECRET,
            )
        )
        wait_for(faulty.url + "/readyz")
        stop = threading.Event()
        workers = [
            threading.Thread(target=work, args=(stop, *parts))
            for work, *parts in ((use, desk, business), (disturb, faulty, engine))
        ]
        for worker in workers:
            worker.start()
        try:
            yield [desk, faulty]
        finally:
            stop.set()
            for worker in workers:
                worker.join()


def use(stop: threading.Event, desk: Running, business: Business) -> None:
    """Customers ask, rate, confirm an action, and want a person."""
    while not stop.is_set():
        business.reset()
        customer = PageCustomer(desk.url)
        customer.ask("七天无理由退货怎么办理？")
        customer.ask("月球离地球有多远？")
        customer.ask("我的包裹到哪了？", "waybill")
        for action in customer.ask(f"帮我取消订单 {ORDER}").actions:
            Staff(desk.url).approve(action["id"])
        turns = customer.visitor.turns(customer.conversation)
        answers = [turn["id"] for turn in turns if turn["role"] == "assistant"]
        for answer, rating in zip(answers, ("up", "down", "up"), strict=False):
            customer.visitor.call(
                "POST", "/api/feedback", json={"answer": answer, "rating": rating, "reason": ""}
            )
        wanted = {"conversation_id": customer.conversation, "note": ""}
        customer.visitor.call("POST", "/api/handoff", json=wanted)
        stop.wait(0.5)


def disturb(stop: threading.Event, gateway: Running, engine: Running) -> None:
    """Engines fail, clients leave, limits and the queue refuse, answers are made up."""
    while not stop.is_set():
        for order in ("500", "die"):
            ask(gateway, order).close()
        ask(gateway, "cites", model="sightdesk").close()
        with ask(gateway, "endless") as held:
            next(held.iter_lines())
            ask(gateway, "hi").close()  # there is one place, and no queue
        wait_until(lambda: not state(engine)["running"], 30)
        for _ in range(2):
            requests.get(f"{gateway.url}/v1/models", timeout=20)
            ask(gateway, "hi", headers={}).close()
        customer = PageCustomer(gateway.url)
        customer.ask("hi")
        [answer] = [
            turn["id"]
            for turn in customer.visitor.turns(customer.conversation)
            if turn["role"] == "assistant"
        ]
        rated = {"answer": answer, "rating": "down", "reason": ""}
        customer.visitor.call("POST", "/api/feedback", json=rated)
        stop.wait(1)


def ask(
    gateway: Running, text: str, model: str = "fake-vl", headers: dict[str, str] = KEY
) -> requests.Response:
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": text}]}
    url = f"{gateway.url}/v1/chat/completions"
    return requests.post(
        url, json={**body, "stream": True}, headers=headers, stream=True, timeout=30
    )
