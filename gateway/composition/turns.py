"""The stages of a turn, put together from the services."""

from collections.abc import Callable, Mapping, Sequence

from gateway.chat.attachment_stage import AttachmentStage
from gateway.chat.citation_stage import CitationStage
from gateway.chat.engine_calls import EngineCalls
from gateway.chat.failover import Failover
from gateway.chat.tool_rounds import ToolRounds
from gateway.chat.turn import TurnRunner
from gateway.composition.services import Services
from gateway.handoffs.told_results import Told, ToldResults


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


def told_rounds(services: Services) -> Callable[[Mapping[str, Sequence[Told]]], ToolRounds]:
    """For drafts: tools that tell again what a conversation has told."""
    systems, most = services.systems, services.settings.max_tool_rounds

    def rounds(told: Mapping[str, Sequence[Told]]) -> ToolRounds:
        tools = ToldResults(systems.connectors, told)
        return ToolRounds(tools, systems.actions, max_rounds=most)

    return rounds
