"""All tools of CONNECTORS_DIR, as they are now."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import structlog

from gateway.connectors.building import Workshop
from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.environment import Environment
from gateway.connectors.folder_reader import FolderReader, Reading
from gateway.connectors.health import Unwell
from gateway.connectors.http_call import HTTPCaller
from gateway.connectors.loading import Source
from gateway.connectors.problems import Problem
from gateway.connectors.tool import Identity, Tool
from gateway.observability.metrics import Metrics
from gateway.server.daemon_threads import in_daemon

log = structlog.get_logger()
START_SECONDS = 3.0  # the start waits so long for the folder
PAUSE_SECONDS = 0.5  # between two looks at the folder
REFRESH_SECONDS = 60.0  # between two looks at the tools that a system tells
FIRST_RETRY, LAST_RETRY = 1.0, 60.0  # seconds, after a system did not tell its tools


class ConnectorFolder:
    """Implements `Tools`. Reads the folder at once; `watch` follows its changes."""

    def __init__(self, folder: Path, environ: Mapping[str, str], metrics: Metrics) -> None:
        """`environ`: of it only names that begin with CONNECTOR_ are used. CONNECTOR_CA_FILE names
        certificates of the company's own authority."""
        self._environment = Environment(environ)
        self._caller = HTTPCaller(environ.get("CONNECTOR_CA_FILE", ""))
        workshop = Workshop(self._environment, self._caller, metrics, self.find)
        self._folder = folder
        self._reader = FolderReader(folder, workshop)
        self._lock = Lock()
        self._reading = Reading(problems=(Problem(str(folder), 0, "is still being read"),))
        self._tools: dict[str, DescribedTool] = {}
        self._problems: list[Problem] = []
        self._refreshing: dict[Source, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        first = Thread(target=self._first_update, daemon=True)
        first.start()
        first.join(START_SECONDS)

    @property
    def problems(self) -> list[Problem]:
        return self._problems

    def offered(self, identity: Identity) -> Sequence[Tool]:
        return [
            tool
            for tool in self._tools.values()
            if (identity.user or not tool.needs_user) and (identity.tenant or not tool.needs_tenant)
        ]

    def find(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def titles(self) -> dict[str, dict[str, str]]:
        """{name of a tool: {language: title}} of all tools."""
        return {name: dict(tool.title) for name, tool in self._tools.items()}

    async def watch(self) -> None:
        """Follows changes until it is cancelled; it can be called again."""
        while True:
            await in_daemon(self._update)
            self._follow_remotes()
            await asyncio.sleep(PAUSE_SECONDS)

    async def refresh(self) -> None:
        """Asks each system that tells its own tools for them, once."""
        remotes = [source.remote for source in self._reading.sources if source.remote]
        await asyncio.gather(*(remote.refresh() for remote in remotes))
        await in_daemon(self._republish)

    async def close(self) -> None:
        """Ends sessions and connections, after the calls in flight."""
        tasks = [*self._refreshing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._closing, return_exceptions=True)
        remotes = [source.remote for source in self._reading.sources if source.remote]
        await asyncio.gather(*(remote.aclose() for remote in remotes), return_exceptions=True)
        self._refreshing.clear()
        await self._caller.aclose()

    async def health(self) -> list[dict[str, Any]]:
        """[{name, title, ok, reason, code, details}], one for each file that can be used. `title`:
        by language. `code`: of `Unwell`, "" where the system is well; `details`: {status}."""
        sources = [source for source in self._reading.sources if source.health]
        faults = await asyncio.gather(*(_unwell(source) for source in sources))
        return [
            {
                "name": source.path.rpartition(".")[0],
                "title": dict(source.tools[0].title) if source.tools else {},
                "ok": fault is None,
                "reason": self._environment.hide.text(fault.reason) if fault else "",
                "code": fault.code if fault else "",
                "details": {"status": fault.status} if fault and fault.status else {},
            }
            for source, fault in zip(sources, faults, strict=True)
        ]

    def _first_update(self) -> None:
        try:
            self._update()
        except Exception as error:  # `watch` tries again, and raises where it fails
            log.exception("connectors_unread")
            problem = Problem(str(self._folder), 0, f"cannot be read: {type(error).__name__}")
            self._publish(Reading(problems=(problem,)))

    def _update(self) -> None:
        with self._lock:  # the first update may still run when `watch` begins
            reading = self._reader.read_changes()
            if reading is not None:
                if reading.sources:
                    self._caller.prepare()
                self._publish(reading)

    def _republish(self) -> None:
        with self._lock:  # never waited for in the event loop: reading a folder may hang
            self._publish(self._reading)

    def _publish(self, reading: Reading) -> None:
        """Replaces tools and problems, each as a whole."""
        tools: dict[str, DescribedTool] = {}
        problems = [*self._caller.problems, *reading.problems]
        for source in reading.sources:
            problems += source.problems
            for tool in source.tools:
                if tool.name in tools:
                    reason = f"{tool.name}: another file has a tool of this name"
                    problems.append(Problem(source.path, 1, reason))
                else:
                    tools[tool.name] = tool
        problems += _loose_ends(reading.sources, tools)
        # Of a system that was not asked yet, nothing is wrong: `/readyz` alone tells of it.
        told = [*self._problems, *_of_new_systems(reading.sources)]
        self._reading = reading
        self._tools = dict(sorted(tools.items()))
        self._problems = problems
        log.info("connectors_loaded", tools=len(tools), problems=len(problems))
        for problem in problems:
            if problem not in told:
                log.warning("connector_problem", **problem.told())

    def _follow_remotes(self) -> None:
        """Starts to refresh new sources, and ends those that are gone."""
        wanted = {source for source in self._reading.sources if source.remote}
        for source in wanted - self._refreshing.keys():
            self._refreshing[source] = asyncio.create_task(self._refresh(source))
        for source in self._refreshing.keys() - wanted:
            ending = asyncio.create_task(_end(source, self._refreshing.pop(source)))
            self._closing.add(ending)
            ending.add_done_callback(self._closing.discard)

    async def _refresh(self, source: Source) -> None:
        assert source.remote is not None
        pause = FIRST_RETRY
        while True:
            before = (source.tools, source.problems, source.remote.is_new)
            is_well = await source.remote.refresh()
            if before != (source.tools, source.problems, source.remote.is_new):
                await in_daemon(self._republish)
            await asyncio.sleep(REFRESH_SECONDS if is_well else pause)
            pause = FIRST_RETRY if is_well else min(2 * pause, LAST_RETRY)


async def _end(source: Source, task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if source.remote is not None:
        await source.remote.aclose()


async def _unwell(source: Source) -> Unwell | None:
    assert source.health is not None
    return await source.health.unwell()


def _of_new_systems(sources: Sequence[Source]) -> list[Problem]:
    return [
        source.problem(wrong)
        for source in sources
        if source.remote and source.remote.is_new
        for wrong in source.remote.wrongs
    ]


def _loose_ends(sources: Sequence[Source], tools: Mapping[str, DescribedTool]) -> list[Problem]:
    """Tools that name a connector that is not there, or of the wrong kind."""
    found = []
    for source in sources:
        for tool in source.tools:
            before, notify = tool.before, tool.notify
            if before and (
                before.connector not in tools or tools[before.connector].effect != "read"
            ):
                reason = f"current: {before.connector} is no connector that reads"
                found.append(Problem(source.path, source.line("current"), reason))
            if notify and notify.connector not in tools:
                reason = f"notify: there is no connector {notify.connector}"
                found.append(Problem(source.path, source.line("notify"), reason))
    return found
