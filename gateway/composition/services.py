"""Every part of the gateway, in groups.

Only the composition root (`gateway/app.py` and this folder) imports this module: every other part
gets what it needs by name.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.actions.proposals import Actions
from gateway.actions.worker import ActionWorker
from gateway.assistant.clause_corrections import StoredCorrections
from gateway.assistant.persona_file import PersonaFile
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.authenticator import Authenticator
from gateway.auth.origins import Origins
from gateway.auth.tokens import Signer
from gateway.backup.keeper import BackupKeeper
from gateway.chat.conversation_streams import ConversationStreams
from gateway.chat.history import HistoryRecorder
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.connectors.folder import ConnectorFolder
from gateway.handoffs.claims import Claims
from gateway.handoffs.listing import HandoffLists
from gateway.handoffs.queue import Handoffs
from gateway.handoffs.timers import HandoffTimers
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.reranker import Reranker
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.image_processor import ImageProcessor
from gateway.media.ocr_client import OCRClient
from gateway.observability.metrics import Metrics
from gateway.reports.day_tallies import DayTallies
from gateway.reports.erasure import Erasure
from gateway.reports.export_lines import ExportLines
from gateway.reports.figures import Figures
from gateway.reports.own_counts import Stats
from gateway.reports.question_groups import QuestionGroups
from gateway.reports.reader_threads import Reports
from gateway.reports.retention import Retention
from gateway.reports.training_export import TrainingExport
from gateway.server.supervisor import Supervisor
from gateway.settings import Settings
from gateway.storage.clause_corrections import ClauseCorrections
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.desk_answers import DeskAnswers
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.event_notices import EventNotices
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.throttling.admission import Admission
from gateway.throttling.body_memory import BodyMemory
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rates
from gateway.throttling.short_limits import ShortLimits
from gateway.upstream.addresses import EngineAddresses
from gateway.upstream.client import EngineClient
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import Upstream
from gateway.webhooks.worker import WebhookWorker

if TYPE_CHECKING:
    from gateway.api.sign_in import SignIn
    from gateway.chat.shared_answers.answers_elsewhere import AnswersElsewhere
    from gateway.media.remote_images import RemoteImages
    from gateway.media.shared_readings import SharedReadings
    from gateway.throttling.engine_shares import EngineShares


@dataclass(frozen=True, slots=True)
class Access:
    """Who is calling, and from which pages."""

    api_keys: APIKeyStore
    signer: Signer
    authenticator: Authenticator
    origins: Origins


@dataclass(frozen=True, slots=True)
class Throttling:
    rates: Rates
    limiter: RateLimiter
    short_limits: ShortLimits
    body_memory: BodyMemory


@dataclass(frozen=True, slots=True)
class Engines:
    """`fallback` is `lite`, asked while no configured engine answers; None where it is one of them
    or turned off."""

    client: EngineClient
    addresses: EngineAddresses
    admission: Admission
    shares: "EngineShares | None"  # with the other gateways, where they share a Redis
    fallback: Admission | None
    launch_status: LaunchStatusFile
    catalog: ModelCatalog

    @property
    def upstreams(self) -> list[Upstream]:
        return self.admission.upstreams


@dataclass(frozen=True, slots=True)
class Storage:
    database: Database
    files: FileStore
    conversations: Conversations
    exports: Reports
    ratings: Ratings
    clause_corrections: ClauseCorrections
    desk_answers: DeskAnswers
    stats: Stats
    history: HistoryRecorder


@dataclass(frozen=True, slots=True)
class Media:
    image_processor: ImageProcessor
    ocr_client: OCRClient
    remote_images: "RemoteImages | None"
    attachment_loader: AttachmentLoader
    shared_readings: "SharedReadings | None"  # with other gateways, where there is a Redis


@dataclass(frozen=True, slots=True)
class Knowledge:
    base: KnowledgeBase
    vectors: VectorBuilder
    reranker: Reranker | None
    retriever: Retriever


@dataclass(frozen=True, slots=True)
class Systems:
    """The company's systems, and the changes in them that people confirm."""

    connectors: ConnectorFolder
    actions: Actions
    worker: ActionWorker


@dataclass(frozen=True, slots=True)
class People:
    """Hand-overs to staff. `claims` tells which conversations a person has claimed."""

    handoffs: Handoffs
    lists: HandoffLists
    claims: Claims
    timers: HandoffTimers
    conversations: DeskConversations


@dataclass(frozen=True, slots=True)
class Records:
    """Figures and exports of what is stored, its backups, and its end."""

    figures: Figures
    tallies: DayTallies
    groups: QuestionGroups
    lines: ExportLines
    training: TrainingExport
    retention: Retention
    erasure: Erasure
    backups: BackupKeeper


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    metrics: Metrics
    supervisor: Supervisor
    access: Access
    throttling: Throttling
    engines: Engines
    storage: Storage
    media: Media
    knowledge: Knowledge
    corrections: StoredCorrections
    persona_file: PersonaFile
    answers: ResumableAnswers
    elsewhere: "AnswersElsewhere | None"  # answers of other gateways, where Redis is shared
    systems: Systems
    people: People
    records: Records
    webhooks: WebhookWorker
    notices: EventNotices  # of new events, from PostgreSQL
    streams: ConversationStreams
    sign_in: "SignIn | None"  # single sign-on, where OIDC_ISSUER is set
