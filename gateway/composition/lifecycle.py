"""What runs while the gateway serves: background tasks, and the closing of every resource."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.composition.records import build_state_gauges
from gateway.composition.services import Engines, Services
from gateway.observability import tracing
from gateway.server.supervisor import Close, Work, closed
from gateway.storage.cleanup import sweeping
from gateway.storage.orphans import failing_orphans
from gateway.storage.text_indexing import indexing
from gateway.throttling.admission import Admission
from gateway.upstream.health import HealthMonitor
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.sight import watch_sight
from gateway.upstream.told_load import LoadWatch

CONNECT_SECONDS = 1.0  # the start waits so long for connections to Redis
PROFILE_SECONDS = 1.0  # between two looks at the launcher's status file


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Runs the background tasks. At the end every resource is closed, whichever of them fails."""
    async with AsyncExitStack() as stack:
        for name, close in reversed(resources(services)):
            stack.push_async_callback(closed, name, close)
        stack.push_async_callback(services.supervisor.stop)
        for name, work in background_tasks(services):
            services.supervisor.start(name, work)
        # The first burst of requests should find open connections to Redis.
        connecting = services.supervisor.start(
            "limits", services.throttling.limiter.connect, once=True
        )
        await asyncio.wait((connecting,), timeout=CONNECT_SECONDS)
        yield


def background_tasks(services: Services) -> list[tuple[str, Work]]:
    """(name, work) pairs. The names appear in logs, metrics and `/readyz`."""
    engines, storage = services.engines, services.storage
    monitors = [("engines", _monitor(services, engines.admission, _launch_status(engines)))]
    if engines.fallback is not None:
        monitors.append(("fallback", _monitor(services, engines.fallback, LaunchStatusFile(None))))
    keeps_default = not services.settings.max_concurrent
    return [
        *optional_tasks(services),
        *((name, monitor.run) for name, monitor in monitors),
        ("profile", lambda: adopt_profile(engines, sets_concurrency=keeps_default)),
        ("knowledge", services.knowledge.base.watch),
        ("persona", services.persona_file.watch),
        ("corrections", services.corrections.watch),
        ("vectors", services.knowledge.vectors.run),
        ("sweep", lambda: sweeping(storage.files, storage.database)),
        ("retention", services.records.retention.run),
        ("tallies", services.records.tallies.run),
        ("backups", services.records.backups.run),
        ("index", lambda: indexing(storage.database)),
        ("answers", storage.history.retry),
        ("connectors", services.systems.connectors.watch),
        ("actions", services.systems.worker.run),
        ("handoffs", services.people.timers.run),
        ("webhooks", services.webhooks.run),
        ("events", lambda: follow_events(services)),
        ("state", build_state_gauges(services).run),
    ]


def optional_tasks(services: Services) -> Iterator[tuple[str, Work]]:
    """Those that some settings do without."""
    engines, database = services.engines, services.storage.database
    if services.settings.engine_sees is None:
        yield "sight", lambda: watch_sight(engines.client, engines.upstreams)
    if engines.addresses.may_change:
        yield "addresses", engines.addresses.run
    if len(engines.upstreams) > 1 or engines.addresses.may_change:
        yield "load", load_watch(engines).run
    if engines.shares is not None:
        yield "shares", engines.shares.run
    if not database.is_sqlite:  # there the only gateway ends them at its start
        yield "orphans", lambda: failing_orphans(database)
        yield "notices", services.notices.run
    if services.elsewhere is not None:
        yield "sharing", services.elsewhere.publisher.run
        yield "asked", services.elsewhere.inbox.run


def load_watch(engines: Engines) -> LoadWatch:
    admission = engines.admission
    return LoadWatch(engines.client, engines.upstreams, lambda: admission.usual_tokens)


def _launch_status(engines: Engines) -> LaunchStatusFile:
    """The launcher writes about one engine. With several engines we cannot tell which."""
    return engines.launch_status if len(engines.upstreams) == 1 else LaunchStatusFile(None)


def _monitor(services: Services, admission: Admission, status: LaunchStatusFile) -> HealthMonitor:
    return HealthMonitor(
        services.engines.client,
        admission.upstreams,
        status,
        services.metrics,
        changed=admission.dispatch,
    )


def resources(services: Services) -> list[tuple[str, Close]]:
    """(name, close) pairs in closing order: answers are stored before the database closes."""
    storage, media = services.storage, services.media
    remote_images: list[tuple[str, Close]] = (
        [("remote", media.remote_images.aclose)] if media.remote_images is not None else []
    )
    reranker = services.knowledge.reranker
    reranking: list[tuple[str, Close]] = [("reranker", reranker.close)] if reranker else []
    shares = services.engines.shares
    parts: list[tuple[str, Close]] = [("shares", shares.close)] if shares is not None else []
    elsewhere = services.elsewhere
    sharing: list[tuple[str, Close]] = (
        [("sharing", elsewhere.publisher.close)] if elsewhere is not None else []
    )
    readings = media.shared_readings
    reading: list[tuple[str, Close]] = [("readings", readings.close)] if readings else []
    sign_in = services.sign_in
    signing_in: list[tuple[str, Close]] = (
        [("sign_in", sign_in.flow.provider.close)] if sign_in is not None else []
    )
    return [
        ("answers", services.answers.close),
        *sharing,
        ("recorder", storage.history.close_threads),
        ("reports", storage.exports.shut_down),
        ("actions", services.systems.worker.close),
        ("connectors", services.systems.connectors.close),
        ("database", storage.database.close),
        ("reader", media.ocr_client.close),
        *reading,
        ("vectors", services.knowledge.vectors.close),
        ("studio", media.image_processor.close),
        *parts,
        ("client", services.engines.client.close),
        ("limiter", services.throttling.limiter.close),
        *signing_in,
        *reranking,
        *remote_images,
        ("traces", tracing.close),
    ]


async def adopt_profile(engines: Engines, *, sets_concurrency: bool) -> None:
    """Takes limits from the launcher's profile: the tokens of one picture and, where
    MAX_CONCURRENT is not set, the number of requests that the card can hold at once."""
    while True:
        status = engines.launch_status.read()
        if status is not None:
            for upstream in engines.upstreams:
                upstream.max_picture_tokens = status.max_picture_tokens
                if status.max_concurrent and sets_concurrency:
                    upstream.max_concurrent = status.max_concurrent
        await asyncio.sleep(PROFILE_SECONDS)


async def follow_events(services: Services) -> None:
    """Tells open pages, and `claims`, what happens on all gateways."""
    await services.streams.start()
    # Read after the start, so that no claim falls between the two.
    await asyncio.to_thread(services.people.claims.load, services.storage.database)
    await services.streams.run()
