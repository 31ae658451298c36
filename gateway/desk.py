"""The parts that the chat routes use, by name. Built in `gateway/app.py`."""

from dataclasses import dataclass

from gateway.auth.tokens import Signer
from gateway.chat.history import HistoryRecorder
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.media.attachment_loader import AttachmentLoader
from gateway.observability.metrics import Metrics
from gateway.server.request_context import Caller, RequestContext
from gateway.settings import Settings
from gateway.throttling.admission import Admission
from gateway.throttling.body_memory import BodyMemory
from gateway.throttling.caller_keys import queue_key
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rate, Rates
from gateway.throttling.short_limits import ShortLimits
from gateway.upstream.client import EngineClient
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    metrics: Metrics
    signer: Signer
    rates: Rates
    limiter: RateLimiter
    short_limits: ShortLimits
    body_memory: BodyMemory
    attachment_loader: AttachmentLoader
    library: KnowledgeBase
    client: EngineClient
    catalog: ModelCatalog
    engines: Admission
    fallback: Admission | None
    answers: ResumableAnswers
    recorder: HistoryRecorder

    def rate_of(self, caller: Caller) -> Rate:
        return self.rates.for_api_caller(caller)

    def turn_of(self, context: RequestContext) -> str:
        return queue_key(self.signer, context)

    @property
    def upstreams(self) -> list[Upstream]:
        return self.engines.upstreams
