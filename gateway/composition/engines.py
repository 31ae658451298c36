"""Builds what asks the engines: addresses, connections, admission and the fallback."""

from functools import partial
from typing import TYPE_CHECKING

from gateway.composition.services import Engines
from gateway.observability.metrics import Metrics
from gateway.settings import Settings
from gateway.throttling.admission import Admission
from gateway.upstream.addresses import EngineAddresses
from gateway.upstream.breaker import Breaker
from gateway.upstream.client import EngineClient
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.model_catalog import ModelCatalog
from gateway.upstream.upstream import LITE_MODEL, Upstream

if TYPE_CHECKING:
    from gateway.throttling.engine_shares import EngineShares


def build_engines(settings: Settings, metrics: Metrics) -> Engines:
    client = EngineClient(
        settings.upstream_connect_timeout, settings.first_token_timeout, settings.idle_timeout
    )
    fallback_url = settings.fallback_engine_url
    fallbacks = (
        [_upstream(settings, LITE_MODEL, 4, "fallback", fallback_url, "")]
        if fallback_url and fallback_url not in settings.engine_urls
        else []
    )
    addresses = EngineAddresses(
        settings.engine_urls,
        partial(_upstream, settings, settings.model_name, settings.concurrent),
        joined=lambda upstream: admission.joined(upstream),
        left=lambda upstream: _left(upstream, client, admission, metrics),
        noted=metrics.names_found.set,
    )
    upstreams = addresses.upstreams
    admission = _admission(settings, metrics, upstreams)
    metrics.inflight.set_function(lambda: sum(one.inflight for one in [*upstreams, *fallbacks]))
    return Engines(
        client=client,
        addresses=addresses,
        admission=admission,
        shares=build_shares(settings, admission),
        fallback=_admission(settings, metrics, fallbacks) if fallbacks else None,
        launch_status=LaunchStatusFile(settings.engine_status_file),
        catalog=ModelCatalog(settings.model_name, settings.model_aliases),
    )


def build_shares(settings: Settings, admission: Admission) -> "EngineShares | None":
    """What each of several gateways may send to the engines, where they share a Redis."""
    if not settings.has_redis:
        return None
    # Imported here: the client takes memory that a gateway by itself does without.
    from gateway.throttling.engine_shares import REDIS_SECONDS, EngineShares
    from gateway.throttling.redis_client import redis_client

    return EngineShares(redis_client(settings.rate_limit_storage, REDIS_SECONDS), admission)


def _left(upstream: Upstream, client: EngineClient, admission: Admission, metrics: Metrics) -> None:
    client.forget(upstream)
    metrics.upstream_left(upstream.name)
    admission.dispatch()  # who waits for an engine that has gone hears that there is none


def _upstream(
    settings: Settings, model: str, max_concurrent: int, name: str, url: str, host: str
) -> Upstream:
    breaker = Breaker(settings.breaker_failures, settings.breaker_reset)
    made = Upstream(name, url, model, settings.max_model_len, breaker, max_concurrent)
    made.sees = settings.engine_sees
    made.host = host
    if settings.has_redis and name != "fallback":
        made.share = 0  # until it is known what the other gateways hold
    return made


def _admission(settings: Settings, metrics: Metrics, upstreams: list[Upstream]) -> Admission:
    return Admission(upstreams, settings.max_queued, settings.queue_timeout, metrics)
