"""The configured rates: which limit applies to which caller."""

from dataclasses import dataclass
from functools import cache

from limits import RateLimitItem, parse

from gateway.server.request_context import Caller
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit such as 20/minute. `scope` (ip, user, key, api) names it in metrics and errors."""

    scope: str
    item: RateLimitItem
    name: str  # scope and limit: the same caller has one window for each name
    seconds: int

    @classmethod
    @cache
    def of(cls, scope: str, text: str) -> "Rate":
        """The rate that `text` states, such as "20/minute". Raises ValueError."""
        item = parse(text)
        return cls(scope, item, f"{scope}/{item}", item.get_expiry())


@dataclass(frozen=True, slots=True)
class Rates:
    """RATE_LIMIT_IP, RATE_LIMIT_USER, RATE_LIMIT_KEY and RATE_LIMIT_API."""

    ip: Rate
    user: Rate
    key: Rate
    api: Rate

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        return cls(
            ip=Rate.of("ip", settings.rate_limit_ip),
            user=Rate.of("user", settings.rate_limit_user),
            key=Rate.of("key", settings.rate_limit_key),
            api=Rate.of("api", settings.rate_limit_api),
        )

    def for_api_caller(self, caller: Caller) -> Rate:
        """The rate of a caller of `/v1`: a key's own limit or RATE_LIMIT_KEY, for anonymous
        addresses RATE_LIMIT_IP."""
        if caller.limit is not None:
            return Rate.of("key", caller.limit)
        return self.key if caller.kind == "key" else self.ip
