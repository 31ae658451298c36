"""The composition root: `create_app(settings)` builds everything and fails at the start, not at
the first request. It alone knows all parts; each router and layer gets its parts by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from gateway import __version__
from gateway.api.actions import actions_router
from gateway.api.asgi_app import Gateway, ShortWay, through
from gateway.api.chat import chat_router
from gateway.api.config import config_router
from gateway.api.conversation_events import conversation_events_router
from gateway.api.conversations import conversations_router
from gateway.api.dependencies import RouteLimits
from gateway.api.desk_actions import desk_actions_router
from gateway.api.desk_answers import desk_answers_router
from gateway.api.desk_connectors import desk_connectors_router
from gateway.api.desk_conversations import desk_conversations_router
from gateway.api.desk_corrections import desk_corrections_router
from gateway.api.desk_drafts import desk_drafts_router
from gateway.api.desk_events import desk_events_router
from gateway.api.desk_export import desk_export_router
from gateway.api.desk_handoffs import desk_handoffs_router
from gateway.api.desk_knowledge import desk_knowledge_router
from gateway.api.desk_page import desk_me_router, mount_desk_page
from gateway.api.desk_previews import desk_previews_router
from gateway.api.desk_stats import desk_stats_router
from gateway.api.desk_system import desk_system_router
from gateway.api.desk_users import desk_users_router
from gateway.api.embed_tokens import embed_tokens_router
from gateway.api.engine_status import EngineStatus
from gateway.api.feedback import feedback_router
from gateway.api.file_readings import file_readings_router
from gateway.api.files import files_router
from gateway.api.handoffs import handoffs_router
from gateway.api.health import health_router
from gateway.api.models import models_router
from gateway.api.signed_files import signed_files_router
from gateway.api.static_page import mount_page
from gateway.api.stats import stats_router
from gateway.auth.networks import ProxyTrust
from gateway.chat.attachment_stage import AttachmentStage
from gateway.chat.citation_stage import CitationStage
from gateway.chat.engine_calls import EngineCalls
from gateway.chat.failover import Failover
from gateway.chat.tool_rounds import ToolRounds
from gateway.chat.turn import TurnRunner
from gateway.composition.build import build_services
from gateway.composition.lifecycle import running
from gateway.composition.services import Services
from gateway.handoffs.draft_request import DraftRequests
from gateway.handoffs.told_results import Told, ToldResults
from gateway.middleware.access_log import AccessLog
from gateway.middleware.authentication import Authentication
from gateway.middleware.cors import CORS
from gateway.middleware.errors import Errors, install_handlers
from gateway.middleware.request_limits import RequestLimits
from gateway.settings import Settings
from gateway.storage.probe import Probe

SHORT_WAY = frozenset(("/v1/chat/completions", "/api/chat"))


def create_app(settings: Settings) -> Gateway:
    """The ASGI application. Raises WrongSettings."""
    services = build_services(settings)
    app = Gateway(
        title="SightDesk",
        version=__version__,
        lifespan=lambda _: running(services),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat the Host header that the client sent
    )
    install_handlers(app, services.throttling.short_limits.charge)
    chat, limits = build_chat_router(services), route_limits(services)
    for router in (chat, *api_routers(services, limits), *sign_in_routers(services, limits)):
        app.include_router(router)
    mount_desk_page(app, settings.frontend_dir, services.throttling.short_limits.charge)
    if settings.frontend_dir is not None:
        mount_page(app, settings.frontend_dir, services.access.origins)
    short_way = [
        route for route in chat.routes if isinstance(route, APIRoute) and route.path in SHORT_WAY
    ]
    app.before_stop = services.streams.stop
    app.entrance = through(middleware(services, app), ShortWay(app.by_fastapi, short_way))
    return app


def route_limits(services: Services) -> RouteLimits:
    short_limits = services.throttling.short_limits
    return RouteLimits(
        limit=short_limits.shared_limit(services.settings.rate_limit_api, scope="api"),
        charge=short_limits.charge,
    )


def api_routers(services: Services, limits: RouteLimits) -> list[APIRouter]:
    """Every router but the chat's."""
    settings, access, storage = services.settings, services.access, services.storage
    engines, media, metrics = services.engines, services.media, services.metrics
    people, records = services.people, services.records
    status = EngineStatus(
        engines.upstreams,
        engines.fallback.upstreams if engines.fallback else [],
        engines.launch_status,
    )
    return [
        models_router(engines.catalog, engines.upstreams, limits),
        embed_tokens_router(access.signer, access.origins, limits),
        config_router(
            settings,
            status,
            services.knowledge.base,
            services.persona_file,
            storage.database,
            limits,
        ),
        files_router(storage.files, media.image_processor, media.ocr_client, access.signer, limits),
        file_readings_router(storage.files, media.attachment_loader, access.signer, limits),
        conversations_router(
            storage.conversations,
            storage.exports,
            storage.files,
            services.answers,
            services.systems.actions,
            limits,
        ),
        conversation_events_router(services.streams, limits),
        feedback_router(storage.ratings, metrics, limits),
        handoffs_router(people.handoffs, limits),
        desk_handoffs_router(
            people.handoffs,
            people.lists,
            people.conversations,
            storage.exports,
            services.answers,
            limits,
        ),
        desk_drafts_router(
            people.handoffs,
            DraftRequests(storage.database, people.conversations),
            turn_runner(services),
            told_rounds(services),
            limits,
        ),
        desk_conversations_router(people.conversations, storage.exports, limits),
        desk_previews_router(people.conversations, media.image_processor, access.signer, limits),
        desk_answers_router(storage.desk_answers, limits),
        desk_events_router(services.streams, limits),
        signed_files_router(people.conversations, access.signer),
        stats_router(storage.stats, limits),
        desk_corrections_router(
            storage.clause_corrections,
            services.corrections,
            services.knowledge.retriever,
            limits,
        ),
        desk_knowledge_router(
            services.knowledge.base,
            services.persona_file,
            services.knowledge.vectors,
            services.knowledge.retriever,
            storage.clause_corrections,
            limits,
        ),
        desk_system_router(
            settings, status, storage.database, services.webhooks, services.supervisor, limits
        ),
        desk_stats_router(
            records.figures,
            records.groups,
            storage.clause_corrections,
            services.systems.connectors,
            limits,
        ),
        desk_export_router(records.lines, records.training, storage.exports, limits),
        desk_users_router(records.erasure, services.answers, limits),
        actions_router(services.systems.actions, limits),
        desk_actions_router(services.systems.actions, limits),
        desk_me_router(limits),
        desk_connectors_router(services.systems.connectors, services.webhooks, limits),
        health_router(
            status,
            Probe(storage.database.is_writable),
            Probe(storage.files.works),
            services.knowledge.base,
            services.persona_file,
            partial(knowledge_version, services),
            services.knowledge.vectors,
            services.systems.connectors,
            services.webhooks,
            services.supervisor,
            metrics,
            access.origins,
            access.api_keys,
        ),
    ]


def knowledge_version(services: Services) -> str:
    """Of what an answer that begins now is made from."""
    return services.knowledge.retriever.edition().version(services.persona_file.persona.version)


def sign_in_routers(services: Services, limits: RouteLimits) -> list[APIRouter]:
    """Those of single sign-on, where there is one."""
    if services.sign_in is None:
        return []
    from gateway.api.sign_in import sign_in_router

    return [sign_in_router(services.sign_in, limits, failure_counter(services))]


def failure_counter(services: Services) -> Callable[[str], Awaitable[None]]:
    """Counts a failed authentication against an address. Raises RateLimitExceeded."""
    throttling = services.throttling

    async def count(address: str) -> None:
        await throttling.limiter.check(throttling.rates.ip, f"address:{address}")

    return count


def build_chat_router(services: Services) -> APIRouter:
    throttling, engines = services.throttling, services.engines
    return chat_router(
        runner=turn_runner(services),
        answers=services.answers,
        claims=services.people.claims,
        recorder=services.storage.history,
        limiter=throttling.limiter,
        rates=throttling.rates,
        short_limits=throttling.short_limits,
        body_memory=throttling.body_memory,
        catalog=engines.catalog,
        upstreams=engines.upstreams,
        tools=services.systems.connectors,
        metrics=services.metrics,
        names_sessions=bool(services.settings.engine_session_header),
    )


def told_rounds(services: Services) -> Callable[[Mapping[str, Sequence[Told]]], ToolRounds]:
    """For drafts: tools that tell again what a conversation has told."""
    systems, most = services.systems, services.settings.max_tool_rounds

    def rounds(told: Mapping[str, Sequence[Told]]) -> ToolRounds:
        tools = ToldResults(systems.connectors, told)
        return ToolRounds(tools, systems.actions, max_rounds=most)

    return rounds


def turn_runner(services: Services) -> TurnRunner:
    settings, signer, engines = services.settings, services.access.signer, services.engines
    attachments = AttachmentStage(
        services.media.attachment_loader,
        engines.upstreams,
        signer.pseudonym,
        reader_timeout=settings.reader_timeout,
        first_token_timeout=settings.first_token_timeout,
    )
    tools = ToolRounds(
        services.systems.connectors,
        services.systems.actions,
        max_rounds=settings.max_tool_rounds,
    )
    return TurnRunner(
        attachments,
        CitationStage(
            services.knowledge.retriever,
            persona=lambda: services.persona_file.persona,
            knows_languages=lambda: not all(one.is_lite for one in engines.upstreams),
            pseudonym=signer.pseudonym,
            states=services.systems.actions.states,
        ),
        Failover(engines.admission, engines.fallback, engines.client, services.metrics),
        EngineCalls(
            engines.client, signer.cache_salt, signer.pseudonym, settings.engine_session_header
        ),
        services.metrics,
        tools,
        grounding=settings.grounding,
    )


def middleware(services: Services, app: Gateway) -> tuple[Middleware, ...]:
    """The layers around all routes, outermost first."""
    settings, access, throttling = services.settings, services.access, services.throttling

    return (
        Middleware(
            AccessLog,
            metrics=services.metrics,
            trust=ProxyTrust(settings.trusted_proxies, settings.proxy_secret.get_secret_value()),
        ),
        # Around the errors: pages on other origins must be able to read them.
        Middleware(CORS, origins=access.origins),
        Middleware(Errors),
        Middleware(
            RequestLimits,
            allowed=settings.allowed_ips,
            origins=access.origins,
            body_memory=throttling.body_memory,
            max_body=settings.max_body_bytes,
        ),
        Middleware(
            Authentication,
            authenticator=access.authenticator,
            count_failure=failure_counter(services),
            exists=app.has_route,
        ),
    )
