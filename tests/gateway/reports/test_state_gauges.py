"""What operators see of the desk's state in /metrics, on both databases."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.composition.build import build_services
from gateway.composition.lifecycle import running
from gateway.composition.records import build_state_gauges
from gateway.observability.metrics import Metrics
from gateway.reports.state_gauges import Counts, StateGauges
from gateway.service_hours import service_hours
from gateway.settings import WrongSettings, load_settings
from gateway.storage.action_tables import Action
from gateway.storage.database import Database, open_database
from gateway.storage.event_tables import WebhookDelivery
from gateway.storage.events import record_event
from gateway.storage.turns import now
from tests.support.random_records import action_row
from tests.support.servers import wait_until

Value = Callable[..., float | None]
DAY = 86_400


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1", "lite")


@pytest.fixture
def value(metrics: Metrics) -> Value:
    def of(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value("sightdesk_" + name, labels)

    return of


@pytest.fixture
def gauges(database: Database, metrics: Metrics, tmp_path: Path) -> StateGauges:
    return StateGauges(
        database, metrics, Counts(lambda: 41, lambda: 2, lambda: 3), service_hours(""), tmp_path
    )


def test_what_has_a_problem_and_how_much_room_is_left(gauges: StateGauges, value: Value) -> None:
    gauges.look()
    assert value("knowledge_clauses") == 41
    assert value("knowledge_problems") == 2
    assert value("connector_problems") == 3
    assert value("service_open") == value("database_up") == 1
    free, size = value("disk_free_bytes"), value("disk_size_bytes")
    assert free is not None
    assert size is not None
    assert 0 < free < size
    assert value("outbox_oldest_seconds") == value("certificate_expires_timestamp_seconds") == 0


def test_actions_are_counted_until_they_have_ended(
    gauges: StateGauges, database: Database, value: Value
) -> None:
    gauges.look()
    assert value("actions_open", status="unknown") == 0
    with database.connected() as connection:
        for number, status in enumerate(("unknown", "unknown", "proposed", "done", "failed")):
            row = action_row(f"action-{number}", status, now())
            connection.execute(insert(Action).values(**row))
    gauges.look()
    assert value("actions_open", status="unknown") == 2
    assert value("actions_open", status="proposed") == 1
    assert value("actions_open", status="running") == 0


def test_the_oldest_event_that_a_subscriber_has_not_taken(
    gauges: StateGauges, database: Database, value: Value
) -> None:
    with database.connected() as connection:
        record_event(connection, "feedback.given", "conversation-1", {"n": 1})
        record_event(connection, "feedback.given", "conversation-1", {"n": 2})
        for number, state in ((1, "done"), (2, "waiting")):
            connection.execute(
                insert(WebhookDelivery).values(
                    subscription="s", event_number=number, state=state, due_at=now()
                )
            )
    time.sleep(0.05)
    gauges.look()
    oldest = value("outbox_oldest_seconds")
    assert oldest is not None
    assert 0.05 <= oldest < 60


def test_a_database_that_does_not_answer_keeps_the_other_figures(
    gauges: StateGauges, database: Database, value: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauges.look()
    monkeypatch.setattr(database, "answers", lambda: False)
    gauges.look()
    assert value("database_up") == 0
    assert value("knowledge_clauses") == 41


async def test_only_a_desk_with_connectors_can_have_a_problem_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "connectors"
    services = build_services(
        load_settings(
            data_dir=tmp_path,
            database_url=f"sqlite:///{tmp_path}/desk.db",
            knowledge_dir=tmp_path / "knowledge",
            connectors_dir=folder,
        )
    )
    look = build_state_gauges(services).look

    def problems() -> float | None:
        look()
        return services.metrics.registry.get_sample_value("sightdesk_connector_problems")

    async with running(services):
        await asyncio.to_thread(wait_until, lambda: services.systems.connectors.problems, 30)
        assert await asyncio.to_thread(problems) == 0
        folder.mkdir()
        (folder / "wrong.yaml").write_text("title: [")
        await asyncio.to_thread(wait_until, problems, 30)


@asynccontextmanager
async def tls_server(folder: Path, days: int) -> AsyncIterator[str]:
    """The https:// address of a server whose self-signed certificate ends in so many days."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subject = ["-nodes", "-subj", "/CN=desk", "-days", str(days)]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *subject, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_end_of_the_certificate_that_an_address_serves(
    metrics: Metrics, value: Value, tmp_path: Path
) -> None:
    name = "certificate_expires_timestamp_seconds"
    opened = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)
    counts = Counts(lambda: 1, lambda: 0, lambda: 0)

    def gauges(url: str) -> StateGauges:
        return StateGauges(opened, metrics, counts, service_hours(""), tmp_path, url)

    async with tls_server(tmp_path, days=9) as url:
        looking = asyncio.create_task(gauges(url).run())
        await asyncio.to_thread(wait_until, lambda: value(name), 20)
        looking.cancel()
    assert value(name) == pytest.approx(time.time() + 9 * DAY, abs=DAY / 24)
    await gauges(url).look_at_certificate()  # nobody listens there any more
    assert value(name) == 0
    opened.close()


@pytest.mark.parametrize("url", ["nginx:443", "http://nginx", "https://"])
def test_only_an_https_address_has_a_certificate(url: str) -> None:
    with pytest.raises(WrongSettings, match=f"CERTIFICATE_URL='{url}': an https:// URL"):
        load_settings(certificate_url=url)
