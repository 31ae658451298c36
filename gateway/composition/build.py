"""Builds every part of the gateway from the settings, group by group."""

import os
from functools import partial
from typing import TYPE_CHECKING

import structlog

from gateway import __version__
from gateway.actions.as_json import as_json
from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.assistant.clause_corrections import StoredCorrections
from gateway.assistant.persona_file import PersonaFile
from gateway.assistant.prompt import prompt_file
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.authenticator import Authenticator
from gateway.auth.origins import Origins
from gateway.auth.secret_file import load_secret
from gateway.auth.staff import Staff
from gateway.auth.tokens import Signer
from gateway.chat.conversation_streams import ConversationStreams
from gateway.chat.history import HistoryRecorder
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.composition.buckets import build_files, build_mirror
from gateway.composition.engines import build_engines
from gateway.composition.records import build_records
from gateway.composition.services import (
    Access,
    Knowledge,
    Media,
    People,
    Services,
    Storage,
    Systems,
    Throttling,
)
from gateway.composition.sharing import build_elsewhere, build_shared_readings
from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.tool import Tools
from gateway.handoffs.claims import Claims
from gateway.handoffs.listing import HandoffLists
from gateway.handoffs.questions import customer_wrote
from gateway.handoffs.queue import Handoffs
from gateway.handoffs.timers import HandoffTimers
from gateway.handoffs.webhook_data import WebhookData
from gateway.knowledge.corrections import CorrectionMatcher, CorrectionSource
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.reranker import Reranker
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.scanned_pages import OWNER, PageReader
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import EmbeddingClient
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.image_processor import ImageProcessor
from gateway.media.limits import MediaLimits
from gateway.media.ocr_client import OCRClient
from gateway.media.page_lines import page_lines
from gateway.observability.metrics import Metrics
from gateway.reports.own_counts import Stats
from gateway.reports.reader_threads import Reports
from gateway.server.supervisor import Supervisor
from gateway.settings import Settings
from gateway.storage.clause_corrections import ClauseCorrections
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.desk_answers import DeskAnswers
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.event_log import EventLog, Told
from gateway.storage.event_notices import EventNotices
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.turn_events import Wants
from gateway.throttling.body_memory import BodyMemory, default_body_memory
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rates
from gateway.throttling.short_limits import ShortLimits
from gateway.webhooks.worker import WebhookWorker

if TYPE_CHECKING:
    from gateway.api.sign_in import SignIn

log = structlog.get_logger()


def build_services(settings: Settings) -> Services:
    """Every part, connected. Raises WrongSettings, and OSError where DATA_DIR cannot be used."""
    metrics = Metrics(__version__, settings.engine)
    log.info("prompt_read", version=prompt_file().version)
    database = open_database(settings.database_url.get_secret_value(), metrics.store_errors.inc)
    access = build_access(settings)
    webhooks = WebhookWorker(
        database,
        settings.connectors_dir,
        os.environ,
        metrics,
        complete=WebhookData(database, access.signer, settings.public_url).complete,
    )
    systems = build_systems(settings, metrics, database)
    files = build_files(settings, metrics)
    people = build_people(settings, metrics, database, files, systems.connectors)
    storage = build_storage(
        settings, database, files, webhooks.wants, systems.connectors, people.handoffs
    )
    media = build_media(settings, metrics, storage.files)
    corrections = StoredCorrections(storage.clause_corrections)
    knowledge = build_knowledge(settings, media, corrections)
    answers = ResumableAnswers(settings.resume_grace, storage.history.close, people.claims)
    people.claims.listen(answers.claimed)
    elsewhere = build_elsewhere(settings, answers, people.claims)
    notices = EventNotices(database)
    return Services(
        settings=settings,
        metrics=metrics,
        supervisor=Supervisor(metrics),
        access=access,
        throttling=build_throttling(settings, metrics),
        engines=build_engines(settings, metrics),
        storage=storage,
        media=media,
        knowledge=knowledge,
        corrections=corrections,
        persona_file=PersonaFile(settings.knowledge_folder),
        answers=answers,
        elsewhere=elsewhere,
        systems=systems,
        people=people,
        records=build_records(
            settings,
            metrics,
            storage,
            access,
            knowledge,
            systems.actions,
            systems.connectors,
            people.handoffs.close_deleted,
        ),
        webhooks=webhooks,
        notices=notices,
        streams=ConversationStreams(
            EventLog(database), notices, partial(follow_claims, people.claims)
        ),
        sign_in=sign_in_of(settings, access.signer, database),
    )


def sign_in_of(settings: Settings, signer: Signer, database: Database) -> "SignIn | None":
    if not settings.oidc_issuer:
        return None
    from gateway.composition.sign_in import build_sign_in

    return build_sign_in(settings, signer, database)


def page_reader(media: Media) -> PageReader | None:
    """Reads scanned pages of the knowledge folder by OCR, where there is one."""
    client = media.ocr_client
    return partial(page_lines, client, owner=OWNER) if client.is_on else None


def build_knowledge(settings: Settings, media: Media, source: CorrectionSource) -> Knowledge:
    """`source`: the corrections of staff."""
    base = KnowledgeBase(
        settings.knowledge_folder, read_page=page_reader(media), mirror=build_mirror(settings)
    )
    url, model = settings.embedding_url, settings.embedding_model
    key = settings.embedding_api_key.get_secret_value()
    client = EmbeddingClient(url, model, key) if url else None
    corrections = CorrectionMatcher(source)
    vectors = VectorBuilder(
        lambda: base.snapshot.index, client, settings.data_dir / "vectors", corrections.refresh
    )
    reranker = None
    if settings.rerank_url:
        key = settings.rerank_api_key.get_secret_value()
        reranker = Reranker(settings.rerank_url, settings.rerank_model, key)
    seconds = settings.embedding_timeout
    retriever = Retriever(base, vectors, corrections, reranker, seconds)
    return Knowledge(base, vectors, reranker, retriever)


def build_access(settings: Settings) -> Access:
    api_keys = APIKeyStore(settings.named_api_keys, settings.api_keys_file)
    signer = Signer(load_secret(settings.embed_secret.get_secret_value(), settings.data_dir))
    staff = Staff(settings.staff_users, settings.staff_anonymous)
    authenticator = Authenticator(api_keys, signer, settings.anonymous_networks, staff)
    return Access(api_keys, signer, authenticator, Origins(settings.allowed_origins))


def build_throttling(settings: Settings, metrics: Metrics) -> Throttling:
    rates = Rates.of(settings)
    limiter = RateLimiter(settings.rate_limit_storage, metrics)
    max_bytes = settings.max_bodies_bytes or default_body_memory(settings.max_body_bytes)
    return Throttling(
        rates, limiter, ShortLimits(limiter, rates.api), BodyMemory(max_bytes, metrics)
    )


def build_systems(settings: Settings, metrics: Metrics, database: Database) -> Systems:
    connectors = ConnectorFolder(settings.connectors_dir, os.environ, metrics)
    store = ActionStore(database)
    actions = Actions(store, connectors, metrics, settings.action_expires)
    return Systems(connectors, actions, ActionWorker(store, connectors, metrics))


def build_people(
    settings: Settings, metrics: Metrics, database: Database, files: FileStore, tools: Tools
) -> People:
    claims = Claims()
    handoffs = Handoffs(
        database,
        metrics,
        claims,
        settings.hours,
        claim_timeout=settings.handoff_claim_timeout,
        silence=settings.handoff_silence,
    )
    lists = HandoffLists(database, settings.hours)
    conversations = DeskConversations(
        database,
        files,
        lambda action: as_json(action, tools.find(action.connector), is_masked=True),
    )
    timers = HandoffTimers(handoffs, lists, metrics)
    return People(handoffs, lists, claims, timers, conversations)


def follow_claims(claims: Claims, event: Told) -> None:
    """`claims` hears of the steps of all gateways."""
    handoff = event.data.get("handoff")
    if event.type.startswith("handoff.") and handoff and "version" in handoff:
        claims.changed({**handoff, "conversation_id": event.conversation_id})


def build_storage(
    settings: Settings,
    database: Database,
    files: FileStore,
    wants: Wants,
    tools: Tools,
    handoffs: Handoffs,
) -> Storage:
    """`wants`: the types of events that are written of answers."""
    conversations = Conversations(
        database,
        files,
        lambda action: as_json(action, tools.find(action.connector)),
        handoffs.close_deleted,
    )
    return Storage(
        database=database,
        files=files,
        conversations=conversations,
        exports=Reports(conversations),
        ratings=Ratings(database),
        clause_corrections=ClauseCorrections(database),
        desk_answers=DeskAnswers(database),
        stats=Stats(database),
        history=HistoryRecorder(
            database, files, wants, partial(customer_wrote, silence=settings.handoff_silence)
        ),
    )


def build_media(settings: Settings, metrics: Metrics, files: FileStore) -> Media:
    image_processor = ImageProcessor(_media_limits(settings), metrics)
    shared_readings = build_shared_readings(settings)
    ocr_client = OCRClient(settings.reader_url, shared_readings)
    remote_images = None
    if settings.allow_remote_images:
        # Imported here: HTTPX takes 5 MB that the other gateways do without.
        from gateway.media.remote_images import RemoteImages

        remote_images = RemoteImages(settings.image_max_bytes)
    loader = AttachmentLoader(
        image_processor,
        files,
        ocr_client,
        settings.max_images,
        settings.picture_tokens,
        remote_images,
    )
    return Media(image_processor, ocr_client, remote_images, loader, shared_readings)


def _media_limits(settings: Settings) -> MediaLimits:
    return MediaLimits(
        max_bytes=settings.image_max_bytes,
        max_pixels=settings.image_max_pixels,
        scale_to_side=settings.image_max_side,
        pdf_max_pages=settings.pdf_max_pages,
    )
