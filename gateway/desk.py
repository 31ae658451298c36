"""Everything a request may need, built once by `create_app` and handed along; nothing else is global."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.auth.authenticator import Authenticator
from gateway.auth.origins import Origins
from gateway.auth.tokens import Signer
from gateway.chat.history import HistoryRecorder
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.ocr_client import OCRClient
from gateway.observability.metrics import Metrics
from gateway.server.request_context import Caller, RequestContext
from gateway.server.supervisor import Supervisor
from gateway.settings import Settings
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.exports import Reports
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.handoffs import Handoffs
from gateway.storage.stats import Stats
from gateway.throttling.admission import Admission
from gateway.throttling.body_memory import BodyMemory
from gateway.throttling.rate_limits import Rate, RateLimiter, charged
from gateway.throttling.short_limits import ShortLimits
from gateway.upstream.client import EngineClient
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import Upstream

if TYPE_CHECKING:
    from gateway.media.remote import RemoteImages


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    metrics: Metrics
    authenticator: Authenticator
    signer: Signer
    origins: Origins
    rates: dict[str, Rate]
    limiter: RateLimiter
    short_limits: ShortLimits
    body_memory: BodyMemory
    files: FileStore
    attachment_loader: AttachmentLoader
    reader: OCRClient
    library: KnowledgeBase
    client: EngineClient
    remote: "RemoteImages | None"
    startup: LaunchStatusFile
    catalog: ModelCatalog
    engines: Admission
    fallback: Admission | None
    answers: ResumableAnswers
    database: Database
    recorder: HistoryRecorder
    conversations: Conversations
    reports: Reports
    ratings: Ratings
    handoffs: Handoffs
    stats: Stats
    supervisor: Supervisor

    def rate_of(self, caller: Caller) -> Rate:
        """What a caller of `/v1` may ask: a key by its own limit or RATE_LIMIT_KEY, anonymous addresses by RATE_LIMIT_IP."""
        if caller.limit is not None:
            return Rate.of("key", caller.limit)
        return self.rates["key" if caller.kind == "key" else "ip"]

    def turn_of(self, context: RequestContext) -> str:
        """A pseudonym for the queues before `lite`. It stands for the caller who is charged, as in
        admission: a visitor without a cookie is an address, since each has a new owner."""
        return self.signer.pseudonym(charged(context.counted))

    @property
    def upstreams(self) -> list[Upstream]:
        return self.engines.upstreams
