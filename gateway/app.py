"""The composition root: `create_app(settings)` builds everything and fails at the start, not at the first request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from gateway import __version__
from gateway.api.asgi_app import Gateway, ShortWay, through
from gateway.api.chat import chat_router
from gateway.api.conversations import conversations_router
from gateway.api.health import health_router
from gateway.api.short_routes import short_router
from gateway.api.static_page import mount_page
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.authenticator import Authenticator
from gateway.auth.networks import ProxyTrust
from gateway.auth.origins import Origins
from gateway.auth.tokens import Signer, kept_secret
from gateway.chat.history import HistoryRecorder
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.desk import Desk
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.image_processor import ImageProcessor
from gateway.media.limits import MediaLimits
from gateway.media.ocr_client import OCRClient
from gateway.middleware.access_log import AccessLog
from gateway.middleware.authentication import Authentication
from gateway.middleware.cors import CORS
from gateway.middleware.errors import Errors, install_handlers
from gateway.middleware.request_limits import RequestLimits
from gateway.observability.metrics import Metrics
from gateway.server.supervisor import Close, Supervisor, Work, closed
from gateway.settings import Settings
from gateway.storage.cleanup import sweeping
from gateway.storage.conversations import Conversations
from gateway.storage.database import open_database
from gateway.storage.exports import Reports
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.handoffs import Handoffs
from gateway.storage.stats import Stats
from gateway.storage.text_indexing import indexing
from gateway.throttling.admission import Admission
from gateway.throttling.body_memory import BodyMemory, room
from gateway.throttling.rate_limits import Rate, RateLimiter
from gateway.throttling.short_limits import ShortLimits
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.health import HealthMonitor
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import LITE_MODEL, Upstream

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
    install_handlers(app, desk.short_limits.charge)
    chat = chat_router(desk)
    for router in (chat, short_router(desk), conversations_router(desk), health_router(desk)):
        app.include_router(router)
    if settings.frontend_dir is not None:
        mount_page(app, settings.frontend_dir, desk.origins)
    layers = (
        Middleware(AccessLog, metrics=desk.metrics, trust=proxy_trust(settings)),
        Middleware(
            CORS, origins=desk.origins
        ),  # around the errors, which pages on other origins must be able to read
        Middleware(Errors),
        Middleware(
            RequestLimits,
            allowed=settings.allowed_ips,
            origins=desk.origins,
            body_memory=desk.body_memory,
            max_body=settings.max_body_bytes,
        ),
        Middleware(
            Authentication,
            authenticator=desk.authenticator,
            count_failure=lambda address: desk.limiter.check(
                desk.rates["ip"], f"address:{address}"
            ),
            exists=app.has_route,
        ),
    )
    short_way = [
        route for route in chat.routes if isinstance(route, APIRoute) and route.path in SHORT_WAY
    ]
    app.entrance = through(layers, ShortWay(app.by_fastapi, short_way))
    return app


def build_desk(settings: Settings) -> Desk:
    metrics = Metrics(__version__, settings.engine)
    client = EngineClient(
        settings.upstream_connect_timeout, settings.first_token_timeout, settings.idle_timeout
    )
    limiter = RateLimiter(settings.rate_limit_storage, metrics)
    rates = {
        "ip": Rate.of("ip", settings.rate_limit_ip),
        "user": Rate.of("user", settings.rate_limit_user),
        "key": Rate.of("key", settings.rate_limit_key),
        "api": Rate.of("api", settings.rate_limit_api),
    }
    signer = Signer(kept_secret(settings.embed_secret.get_secret_value(), settings.data_dir))
    files = FileStore(settings.data_dir / "files", metrics.broken_records.inc)
    reader = OCRClient(settings.reader_url)
    image_processor = ImageProcessor(media_limits(settings), metrics)
    engines, fallback = admission(settings, metrics), fallback_admission(settings, metrics)
    groups = [engines, fallback] if fallback else [engines]
    metrics.inflight.set_function(
        lambda: sum(one.inflight for group in groups for one in group.upstreams)
    )
    database = open_database(settings.database_url.get_secret_value(), metrics.store_errors.inc)
    recorder = HistoryRecorder(database, files)
    conversations = Conversations(database, files)
    remote = None
    if settings.allow_remote_images:
        from gateway.media.remote import RemoteImages  # with HTTPX, 5 MB that others do without

        remote = RemoteImages(settings.image_max_bytes)
    return Desk(
        settings=settings,
        metrics=metrics,
        authenticator=Authenticator(
            APIKeyStore(settings.named_api_keys, settings.api_keys_file),
            signer,
            settings.anonymous_networks,
        ),
        signer=signer,
        origins=Origins(settings.allowed_origins),
        rates=rates,
        limiter=limiter,
        short_limits=ShortLimits(limiter, rates["api"]),
        body_memory=BodyMemory(settings.max_bodies_bytes or room(settings.max_body_bytes), metrics),
        files=files,
        attachment_loader=AttachmentLoader(
            image_processor, files, reader, settings.max_images, settings.picture_tokens, remote
        ),
        reader=reader,
        library=KnowledgeBase(settings.knowledge_dir),
        client=client,
        remote=remote,
        startup=LaunchStatusFile(settings.engine_status_file),
        catalog=ModelCatalog(settings.model_name, settings.model_aliases),
        engines=engines,
        fallback=fallback,
        answers=ResumableAnswers(settings.resume_grace, recorder.close),
        database=database,
        recorder=recorder,
        conversations=conversations,
        reports=Reports(conversations),
        ratings=Ratings(database),
        handoffs=Handoffs(database),
        stats=Stats(database),
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
    groups = [
        (
            "engines",
            desk.engines,
            desk.startup if len(desk.upstreams) == 1 else LaunchStatusFile(None),
        )
    ]
    groups += [("fallback", desk.fallback, LaunchStatusFile(None))] if desk.fallback else []
    monitors: list[tuple[str, Work]] = [
        (
            name,
            HealthMonitor(
                desk.client, group.upstreams, startup, desk.metrics, changed=group.dispatch
            ).run,
        )
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
    remote: list[tuple[str, Close]] = (
        [("remote", desk.remote.aclose)] if desk.remote is not None else []
    )
    return [
        ("answers", desk.answers.close),
        ("recorder", desk.recorder.close_threads),
        ("reports", desk.reports.shut_down),
        ("database", desk.database.close),
        ("reader", desk.reader.close),
        ("studio", desk.attachment_loader.image_processor.close),
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
