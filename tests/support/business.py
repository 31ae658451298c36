"""The example business on a free port, and a desk that works with it."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests

from examples.business.store import FILE, Store, every, fill
from tests.support.gateways_as_one import as_one
from tests.support.paths import ROOT
from tests.support.servers import Running, running, running_gateway, running_lite, wait_for

CONNECTORS = ROOT / "examples" / "business" / "connectors"
TOKEN = "the-business-of-the-tests"
SECONDS = 10


@dataclass(frozen=True, slots=True)
class Business:
    """Asks the business itself, beside the desk: what really is there."""

    url: str
    data: Path

    def reset(self) -> None:
        """The sample data as they were."""
        with Store(self.data / FILE).writing() as db:
            for table in every(db, "select name from sqlite_master where type = 'table'"):
                db.execute(f"drop table {table['name']}")
            fill(db)

    def change(self, statement: str, *values: object) -> None:
        """Changes what the business knows, behind its back."""
        with Store(self.data / FILE).writing() as db:
            db.execute(statement, values)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Raises requests.HTTPError."""
        answer = self.send("GET", path, params=query)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def post(self, path: str, body: dict[str, Any], key: str = "") -> requests.Response:
        headers = {"idempotency-key": key} if key else {}
        return self.send("POST", path, json=body, headers=headers)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=SECONDS, **more)

    def messages(self, user: str = "demo") -> list[dict[str, Any]]:
        """The messages that a customer was sent, newest first."""
        found: list[dict[str, Any]] = self.get("/notifications", user=user)["notifications"]
        return found


@contextlib.contextmanager
def running_business() -> Iterator[Business]:
    """With fresh data."""
    with tempfile.TemporaryDirectory() as data:
        settings = {"BUSINESS_TOKEN": TOKEN, "DATA_DIR": data}
        with running("examples.business", settings) as started:
            yield Business(started.url, Path(data))


def connector_settings(url: str) -> dict[str, str]:
    """Settings of a gateway whose connectors ask the business at `url`."""
    return {
        "CONNECTORS_DIR": str(CONNECTORS),
        "CONNECTOR_BUSINESS_URL": url,
        "CONNECTOR_BUSINESS_TOKEN": TOKEN,
    }


@contextlib.contextmanager
def running_business_desk(business_url: str, **settings: str) -> Iterator[Running]:
    """A desk as `make demo` starts it: gateway, `lite`, and the business's connectors. An anonymous
    caller is the customer `demo`, and staff."""
    more = {"STAFF_ANONYMOUS": "1", **connector_settings(business_url), **settings}
    with tempfile.TemporaryDirectory() as data, running_lite() as lite:
        start = partial(running_gateway, lite.url, Path(data), **more)
        with as_one(start, Path(data)) as gateway:
            wait_for(gateway.url + "/readyz")
            yield gateway
