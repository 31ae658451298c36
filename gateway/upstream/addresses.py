"""Engines behind one name: as many as it has addresses, looked up again every LOOKUP_SECONDS."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from gateway.upstream.upstream import Upstream

log = structlog.get_logger()
LOOKUP_SECONDS = 5.0
MAX_ADDRESSES = 1024  # of one name
DNS = "dns+"
NAME = ""  # in place of an address: the system chooses one at each connection

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Make = Callable[[str, str, str], Upstream]


@dataclass(slots=True)
class Entry:
    """One entry of ENGINE_URLS. `engines`: by address. `is_lost`: its last lookup failed."""

    label: str  # engine-1, the first part of its engines' names
    url: str  # without `dns+`
    always: bool  # begins with `dns+`: a single address is looked up for, too
    engines: dict[str, Upstream] = field(default_factory=dict)
    is_lost: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def has_name(self) -> bool:
        return not is_address(self.host)


class EngineAddresses:
    """Keeps `upstreams`, a list that others hold too, at what the names say.

    An engine whose address has gone takes no new requests; those that it has go on. A lookup that
    fails or is late changes nothing. The list is never empty: a name that was never found stands
    for one engine.

    `make` makes an engine of its name in metrics, its URL, and the host that it is asked as.
    `joined` and `left` hear of each engine that comes and goes after the start. `noted` hears after
    each round of lookups whether every name was found.
    """

    def __init__(
        self,
        urls: Sequence[str],
        make: Make,
        joined: Callable[[Upstream], None],
        left: Callable[[Upstream], None],
        resolve: Resolve | None = None,
        noted: Callable[[bool], None] = lambda found: None,
    ) -> None:
        self.upstreams: list[Upstream] = []
        self._joined = joined
        self._noted = noted
        self._left = left
        self._make = make
        self._resolve = resolve or addresses_of
        self._lookups: dict[str, asyncio.Task[Sequence[str]]] = {}
        self._entries = [
            Entry(f"engine-{number}", url.removeprefix(DNS), url.startswith(DNS))
            for number, url in enumerate(urls, start=1)
        ]
        for entry in self._entries:
            entry.engines[NAME] = make(entry.label, entry.url, "")
            self.upstreams.append(entry.engines[NAME])

    @property
    def may_change(self) -> bool:
        return any(entry.has_name for entry in self._entries)

    async def run(self) -> None:
        try:
            while True:
                started = time.monotonic()
                await asyncio.gather(*(self.look_up(one) for one in self._entries if one.has_name))
                self._noted(not any(one.is_lost for one in self._entries))
                await asyncio.sleep(max(0.1, LOOKUP_SECONDS - (time.monotonic() - started)))
        finally:
            for lookup in self._lookups.values():  # nobody asks for its result any more
                lookup.cancel()
            self._lookups.clear()

    async def look_up(self, entry: Entry) -> None:
        """Asks once, and takes what is found. A lookup that is late is waited for the next time."""
        if entry.label not in self._lookups:
            asking = self._resolve(entry.host, urlsplit(entry.url).port or 0)
            self._lookups[entry.label] = asyncio.ensure_future(asking)
        lookup = self._lookups[entry.label]
        done, _ = await asyncio.wait((lookup,), timeout=LOOKUP_SECONDS)
        if not done:
            _note(entry, f"no answer within {LOOKUP_SECONDS:g} s")
            return
        del self._lookups[entry.label]
        if (error := lookup.exception()) is not None:
            _note(entry, str(error) or type(error).__name__)
            return
        _note(entry, "")
        if found := lookup.result():
            self._take(entry, found)

    def _take(self, entry: Entry, found: Sequence[str]) -> None:
        wanted = list(dict.fromkeys(found))[:MAX_ADDRESSES]
        if len(wanted) == 1 and not entry.always:
            wanted = [NAME]
        gone = [address for address in entry.engines if address not in wanted]
        came = [address for address in wanted if address not in entry.engines]
        labels = _free_labels(entry)
        for address in came:
            engine = self._engine(entry, address, labels)
            entry.engines[address] = engine
            self.upstreams.append(engine)
            self._joined(engine)
        for address in gone:
            engine = entry.engines.pop(address)
            engine.left = True
            self.upstreams.remove(engine)
            self._left(engine)
        if came or gone:
            log.info("engines_changed", upstream=entry.label, engines=len(entry.engines))

    def _engine(self, entry: Entry, address: str, labels: Iterator[str]) -> Upstream:
        if address == NAME:
            return self._make(entry.label, entry.url, "")
        parts = urlsplit(entry.url)
        host = f"[{address}]" if ":" in address else address
        netloc = host if parts.port is None else f"{host}:{parts.port}"
        return self._make(next(labels), parts._replace(netloc=netloc).geturl(), parts.netloc)


def _note(entry: Entry, failure: str) -> None:
    """Logs the first failed lookup of an outage, and the first one that works again."""
    if failure and not entry.is_lost:
        log.warning("engine_lookup_failed", upstream=entry.label, reason=failure)
    elif entry.is_lost and not failure:
        log.info("engine_lookup_works", upstream=entry.label)
    entry.is_lost = bool(failure)


def _free_labels(entry: Entry) -> Iterator[str]:
    """engine-1.1, engine-1.2 … An address in a metric's label would make ever more series."""
    used = {engine.name for engine in entry.engines.values()}
    numbers = range(1, 2 * MAX_ADDRESSES + 1)
    return (label for number in numbers if (label := f"{entry.label}.{number}") not in used)


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def addresses_of(host: str, port: int) -> list[str]:
    """Addresses of one family, IPv4 where there are any: an engine has one of each, and is one.

    In ascending order. Raises OSError.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    by_family: dict[int, set[str]] = {}
    for family, _, _, _, address in found:
        by_family.setdefault(family, set()).add(str(address[0]))
    chosen = by_family.get(socket.AF_INET) or by_family.get(socket.AF_INET6) or set()
    return sorted(chosen, key=lambda one: (len(one), one))
