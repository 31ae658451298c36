"""The composition root: `create_app(settings)` builds everything and fails at the start, not at the first request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from gateway import __version__
from gateway.chat.answers import Answers
from gateway.chat.record import Recorder
from gateway.desk import Desk
from gateway.engines.breaker import Breaker
from gateway.engines.catalog import Catalog
from gateway.engines.client import EngineClient
from gateway.engines.health import HealthMonitor
from gateway.engines.startup import StartupFile
from gateway.engines.upstream import LITE_MODEL, Upstream
from gateway.entrance import Fork, Gateway, through
from gateway.files.store import FileStore
from gateway.identity.authenticate import Authenticator
from gateway.identity.keys import KeyRing
from gateway.identity.networks import ProxyTrust
from gateway.identity.origins import Origins
from gateway.identity.tokens import Signer, kept_secret
from gateway.knowledge.library import Library
from gateway.limits.admission import Admission
from gateway.limits.intake import Intake, room
from gateway.limits.rates import Rate, RateLimiter
from gateway.limits.short import ShortLimiter
from gateway.media.gather import Gatherer
from gateway.media.limits import MediaLimits
from gateway.media.reader import Reader
from gateway.media.studio import Studio
from gateway.metrics import Metrics
from gateway.middleware.cors import CORS
from gateway.middleware.errors import Errors, install_handlers
from gateway.middleware.guard import Guard
from gateway.middleware.identify import Identify
from gateway.middleware.observe import Observe
from gateway.routes.chat import chat_router
from gateway.routes.conversations import conversations_router
from gateway.routes.health import health_router
from gateway.routes.page import mount_page
from gateway.routes.short import short_router
from gateway.settings import Settings
from gateway.store.conversations import Conversations
from gateway.store.database import open_database
from gateway.store.indexing import indexing
from gateway.store.reports import Reports
from gateway.store.sweep import sweeping
from gateway.store.verdicts import Verdicts
from gateway.supervisor import Close, Supervisor, Work, closed

CONNECT_SECONDS = 1.0
SHORT_WAY = frozenset(("/v1/chat/completions", "/api/chat"))


def create_app(settings: Settings) -> Gateway:
    desk = build_desk(settings)
    app = Gateway(
        title="SightDesk",
        version=__version__,
        lifespan=lambda _: running(desk),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would name the Host that was sent
    )
    install_handlers(app, desk.short_limiter.charge)
    chat = chat_router(desk)
    for router in (chat, short_router(desk), conversations_router(desk), health_router(desk)):
        app.include_router(router)
    if settings.frontend_dir is not None:
        mount_page(app, settings.frontend_dir, desk.origins)
    layers = (
        Middleware(Observe, metrics=desk.metrics, trust=proxy_trust(settings)),
        Middleware(CORS, origins=desk.origins),  # around the errors, which pages on other origins must be able to read
        Middleware(Errors),
        Middleware(
            Guard,
            allowed=settings.allowed_ips,
            origins=desk.origins,
            intake=desk.intake,
            max_body=settings.max_body_bytes,
        ),
        Middleware(
            Identify,
            authenticator=desk.authenticator,
            count_failure=lambda address: desk.limiter.check(desk.rates["ip"], f"address:{address}"),
            exists=app.has_route,
        ),
    )
    short_way = [route for route in chat.routes if isinstance(route, APIRoute) and route.path in SHORT_WAY]
    app.entrance = through(layers, Fork(app.by_fastapi, short_way))
    return app


def build_desk(settings: Settings) -> Desk:
    metrics = Metrics(__version__, settings.engine)
    client = EngineClient(settings.upstream_connect_timeout, settings.first_token_timeout, settings.idle_timeout)
    limiter = RateLimiter(settings.rate_limit_storage, metrics)
    rates = {
        "ip": Rate.of("ip", settings.rate_limit_ip),
        "user": Rate.of("user", settings.rate_limit_user),
        "key": Rate.of("key", settings.rate_limit_key),
        "api": Rate.of("api", settings.rate_limit_api),
    }
    signer = Signer(kept_secret(settings.embed_secret.get_secret_value(), settings.data_dir))
    files = FileStore(settings.data_dir / "files", metrics.broken_records.inc)
    reader = Reader(settings.reader_url)
    studio = Studio(media_limits(settings), metrics)
    engines, fallback = admission(settings, metrics), fallback_admission(settings, metrics)
    groups = [engines, fallback] if fallback else [engines]
    metrics.inflight.set_function(lambda: sum(one.inflight for group in groups for one in group.upstreams))
    database = open_database(settings.database_url.get_secret_value(), metrics.store_errors.inc)
    recorder = Recorder(database, files)
    conversations = Conversations(database, files)
    remote = None
    if settings.allow_remote_images:
        from gateway.media.remote import RemoteImages  # with HTTPX, 5 MB that others do without

        remote = RemoteImages(settings.image_max_bytes)
    return Desk(
        settings=settings,
        metrics=metrics,
        authenticator=Authenticator(
            KeyRing(settings.named_api_keys, settings.api_keys_file),
            signer,
            settings.anonymous_networks,
        ),
        signer=signer,
        origins=Origins(settings.allowed_origins),
        rates=rates,
        limiter=limiter,
        short_limiter=ShortLimiter(limiter, rates["api"]),
        intake=Intake(settings.max_bodies_bytes or room(settings.max_body_bytes), metrics),
        files=files,
        gatherer=Gatherer(studio, files, reader, settings.max_images, settings.picture_tokens, remote),
        reader=reader,
        library=Library(settings.knowledge_dir),
        client=client,
        remote=remote,
        startup=StartupFile(settings.engine_status_file),
        catalog=Catalog(settings.model_name, settings.model_aliases),
        engines=engines,
        fallback=fallback,
        answers=Answers(settings.resume_grace, recorder.close),
        database=database,
        recorder=recorder,
        conversations=conversations,
        reports=Reports(conversations),
        verdicts=Verdicts(database),
        supervisor=Supervisor(metrics),
    )


def proxy_trust(settings: Settings) -> ProxyTrust:
    return ProxyTrust(settings.trusted_proxies, settings.proxy_secret.get_secret_value())


def media_limits(settings: Settings) -> MediaLimits:
    return MediaLimits(
        max_bytes=settings.image_max_bytes,
        max_pixels=settings.image_max_pixels,
        scale_to_side=settings.image_max_side,
        pdf_max_pages=settings.pdf_max_pages,
    )


def admission(settings: Settings, metrics: Metrics) -> Admission:
    upstreams = [
        upstream(settings, f"engine-{number}", url, settings.model_name, settings.concurrent)
        for number, url in enumerate(settings.engine_urls, start=1)
    ]
    return Admission(upstreams, settings.max_queued, settings.queue_timeout, metrics)


def fallback_admission(settings: Settings, metrics: Metrics) -> Admission | None:
    url = settings.fallback_engine_url
    if not url or url in settings.engine_urls:
        return None
    lite = upstream(settings, "fallback", url, LITE_MODEL, max_concurrent=4)
    return Admission([lite], settings.max_queued, settings.queue_timeout, metrics)


def upstream(settings: Settings, name: str, url: str, model: str, max_concurrent: int) -> Upstream:
    breaker = Breaker(settings.breaker_failures, settings.breaker_reset)
    return Upstream(name, url, model, settings.max_model_len, breaker, max_concurrent)


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    """Runs the supervised tasks; at the end closes every resource, whatever failed before."""
    async with AsyncExitStack() as ending:
        for name, close in reversed(resources(desk)):
            ending.push_async_callback(closed, name, close)
        ending.push_async_callback(desk.supervisor.stop)
        for name, work in background(desk):
            desk.supervisor.start(name, work)
        # Connections to Redis are opened before the first burst of requests, if it answers.
        connecting = desk.supervisor.start("limits", desk.limiter.connect, once=True)
        await asyncio.wait((connecting,), timeout=CONNECT_SECONDS)
        yield


def background(desk: Desk) -> list[tuple[str, Work]]:
    # The launcher's file tells of one engine: of several it is not known which.
    groups = [("engines", desk.engines, desk.startup if len(desk.upstreams) == 1 else StartupFile(None))]
    groups += [("fallback", desk.fallback, StartupFile(None))] if desk.fallback else []
    monitors: list[tuple[str, Work]] = [
        (name, HealthMonitor(desk.client, group.upstreams, startup, desk.metrics, changed=group.dispatch).run)
        for name, group, startup in groups
    ]
    return [
        *monitors,
        ("profile", lambda: adopt_profile(desk)),
        ("knowledge", desk.library.watch),
        ("sweep", lambda: sweeping(desk.files, desk.database)),
        ("index", lambda: indexing(desk.database)),
    ]


def resources(desk: Desk) -> list[tuple[str, Close]]:
    """In the order in which they are closed: answers are stored before the store is shut."""
    remote: list[tuple[str, Close]] = [("remote", desk.remote.aclose)] if desk.remote is not None else []
    return [
        ("answers", desk.answers.close),
        ("recorder", desk.recorder.close_threads),
        ("reports", desk.reports.shut_down),
        ("database", desk.database.close),
        ("reader", desk.reader.close),
        ("studio", desk.gatherer.studio.close),
        ("client", desk.client.close),
        ("limiter", desk.limiter.close),
        *remote,
    ]


async def adopt_profile(desk: Desk) -> None:
    """What was left to the profile: the launcher says what its card can hold, and what it lets a picture have."""
    while True:
        startup = desk.startup.read()
        if startup is not None:
            for engine in desk.upstreams:
                engine.max_picture_tokens = startup.max_picture_tokens
                if startup.max_concurrent and not desk.settings.max_concurrent:
                    engine.max_concurrent = startup.max_concurrent
        await asyncio.sleep(1)
