"""Every route of the gateway, each router with the parts that it needs."""

from collections.abc import Awaitable, Callable
from functools import partial

from fastapi import APIRouter

from gateway.api.actions import actions_router
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
from gateway.api.desk_page import desk_me_router
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
from gateway.api.stats import stats_router
from gateway.composition.services import Services
from gateway.composition.turns import told_rounds, turn_runner
from gateway.handoffs.draft_request import DraftRequests
from gateway.storage.probe import Probe


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


def failure_counter(services: Services) -> Callable[[str], Awaitable[None]]:
    """Counts a failed authentication against an address. Raises RateLimitExceeded."""
    throttling = services.throttling

    async def count(address: str) -> None:
        await throttling.limiter.check(throttling.rates.ip, f"address:{address}")

    return count
