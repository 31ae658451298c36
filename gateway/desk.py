"""Everything a request may need, built once by `create_app` and handed along; nothing else is global."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.chat.answers import Answers
from gateway.chat.record import Recorder
from gateway.context import Caller, RequestContext
from gateway.engines.catalog import Catalog
from gateway.engines.client import EngineClient
from gateway.engines.startup import StartupFile
from gateway.engines.upstream import Upstream
from gateway.files.store import FileStore
from gateway.identity.authenticate import Authenticator
from gateway.identity.origins import Origins
from gateway.identity.tokens import Signer
from gateway.knowledge.library import Library
from gateway.limits.admission import Admission
from gateway.limits.intake import Intake
from gateway.limits.rates import Rate, RateLimiter, charged
from gateway.limits.short import ShortLimiter
from gateway.media.gather import Gatherer
from gateway.media.reader import Reader
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.store.conversations import Conversations
from gateway.store.database import Database
from gateway.store.reports import Reports
from gateway.store.verdicts import Verdicts
from gateway.supervisor import Supervisor

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
    short_limiter: ShortLimiter
    intake: Intake
    files: FileStore
    gatherer: Gatherer
    reader: Reader
    library: Library
    client: EngineClient
    remote: "RemoteImages | None"
    startup: StartupFile
    catalog: Catalog
    engines: Admission
    fallback: Admission | None
    answers: Answers
    database: Database
    recorder: Recorder
    conversations: Conversations
    reports: Reports
    verdicts: Verdicts
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
