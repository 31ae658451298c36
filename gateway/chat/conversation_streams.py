"""Live events for open pages, of one conversation or for staff of all: one query for all pages."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import structlog

from gateway.errors import GatewayError, QueueFull
from gateway.storage.event_log import LIVE, EventLog, Told
from gateway.storage.event_notices import EventNotices

log = structlog.get_logger()
LOOK_SECONDS = 0.5  # between two looks for new events
# The same where notices of them arrive. A pooler between gateway and PostgreSQL may lose them.
IDLE_SECONDS = 2.0
GATHER_SECONDS = 0.1  # after a notice, and for events whose transaction is not done
AT_ONCE = 500  # events of one query
MAX_STREAMS = 5_000
MAX_OWNER = 8  # streams of one owner; with one more, the oldest is ended
MAX_WAITING = 1_000  # events for one reader; a slower one is ended, and comes back for the rest
# Events that a page gets when it comes back; one that missed more reads its lists again.
MAX_MISSED, MAX_MISSED_BY_STAFF = 200, 500
DESK = ""  # in place of a conversation's id: the events of all
MAX_SECONDS = 900.0  # of one stream: then the caller's key or token is looked at again


class Stream:
    """The events of one conversation, or of all (DESK), for one reader."""

    def __init__(self, owner: str, conversation_id: str) -> None:
        self.owner = owner
        self.conversation_id = conversation_id
        self.last = 0  # the number up to which the reader has everything
        self._waiting: deque[Told] = deque()
        self._is_ended = False
        self._woken = asyncio.Event()

    def push(self, event: Told) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self.end()
            return
        self._waiting.append(event)
        self._woken.set()

    def end(self) -> None:
        self._is_ended = True
        self._woken.set()

    async def read(self) -> AsyncGenerator[Told]:
        """New events in their order, until the stream is ended."""
        while not self._is_ended:
            while self._waiting and not self._is_ended:
                event = self._waiting.popleft()
                if event.number > self.last:
                    self.last = event.number
                    yield event
            self._woken.clear()
            if not self._waiting and not self._is_ended:
                await self._woken.wait()


class ConversationStreams:
    """Belongs to one event loop. `run` is a background task."""

    def __init__(
        self,
        event_log: EventLog,
        notices: EventNotices,
        follow: Callable[[Told], None] | None = None,
    ) -> None:
        """`follow` gets every live event of all gateways."""
        self._log = event_log
        self._notices = notices
        self._follow = follow
        self._noticed = asyncio.Event()
        notices.heard = self._noticed.set
        self._by_conversation: dict[str, list[Stream]] = defaultdict(list)
        self._by_owner: dict[str, list[Stream]] = defaultdict(list)
        self._count = 0
        self._position = 0  # every stream has been given the events up to this number
        self._opening = asyncio.Lock()
        self._any = asyncio.Event()
        self._is_stopping = False

    async def start(self) -> None:
        """Follows events from now on, or from where a failed `run` has stopped: call it before
        `run`. Raises StoreUnavailable."""
        if not self._position:
            self._position = await asyncio.to_thread(self._log.settled)

    async def open(
        self, owner: str, conversation_id: str, after: int | None
    ) -> tuple[Stream, list[Told] | None]:
        """Returns the stream and the events after number `after` (None: from now on). Close it.
        None stands for more than MAX_MISSED events.

        Raises NotFound where the conversation is not the owner's, QueueFull, StoreUnavailable.
        """
        stream = await self._opened(owner, conversation_id)
        # From here on the stream gets what comes after `_position`. What it gets twice, it drops.
        try:
            told = await asyncio.to_thread(
                self._log.of_conversation, owner, conversation_id, after, MAX_MISSED
            )
        except BaseException:
            self.close(stream)
            raise
        stream.last, missed = told
        return stream, missed

    async def open_desk(self, name: str, after: int | None) -> tuple[Stream, list[Told] | None]:
        """The same for a staff member, of all conversations; None stands for more than
        MAX_MISSED_BY_STAFF events. Raises QueueFull, StoreUnavailable."""
        stream = await self._opened(name, DESK)
        try:
            told = await asyncio.to_thread(self._log.of_all, after, MAX_MISSED_BY_STAFF)
        except BaseException:
            self.close(stream)
            raise
        stream.last, missed = told
        return stream, missed

    async def _opened(self, owner: str, conversation_id: str) -> Stream:
        """Raises QueueFull, StoreUnavailable."""
        if self._count >= MAX_STREAMS or self._is_stopping:
            raise QueueFull(
                f"Too many live connections are open (limit {MAX_STREAMS}).",
                retry_after=5,
                details={"limit": MAX_STREAMS},
            )
        async with self._opening:
            if not self._count and self._follow is None:  # nobody was given anything for a while
                self._position = await asyncio.to_thread(self._log.settled)
            stream = Stream(owner, conversation_id)
            self._add(stream)
        return stream

    def _add(self, stream: Stream) -> None:
        mine = self._by_owner[stream.owner]
        if len(mine) >= MAX_OWNER:
            mine[0].end()
            self.close(mine[0])
            mine = self._by_owner[stream.owner]
        mine.append(stream)
        self._by_conversation[stream.conversation_id].append(stream)
        self._count += 1
        self._any.set()

    def close(self, stream: Stream) -> None:
        """Gives the stream no more events. A second call does nothing."""
        if stream not in self._by_owner.get(stream.owner, ()):
            return
        for streams, key in (
            (self._by_owner, stream.owner),
            (self._by_conversation, stream.conversation_id),
        ):
            streams[key].remove(stream)
            if not streams[key]:
                del streams[key]
        self._count -= 1
        if not self._count and self._follow is None:
            self._any.clear()

    def stop(self) -> None:
        """Ends every stream: the server is about to stop, and would wait for them."""
        self._is_stopping = True
        for streams in list(self._by_owner.values()):
            for stream in list(streams):
                stream.end()

    async def run(self) -> None:
        """Gives new events to the streams, until it is cancelled."""
        if self._follow is not None:
            self._any.set()
        while True:
            await self._any.wait()
            self._noticed.clear()
            try:
                upto, events = await asyncio.to_thread(self._new, self._position)
            except GatewayError:
                events = []  # the store does not answer; its failures are counted there
            else:
                self._give(events)
                self._position = max(self._position, upto)
            if len(events) < AT_ONCE:
                await self._pause()

    async def _pause(self) -> None:
        """Until it is worth another look."""
        if not self._notices.is_listening:
            await asyncio.sleep(LOOK_SECONDS)
            return
        if self._log.is_settled:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._noticed.wait(), IDLE_SECONDS)
        await asyncio.sleep(GATHER_SECONDS)

    def _new(self, after: int) -> tuple[int, list[Told]]:
        """In a thread. Returns (the number up to which all new events are there, the events)."""
        upto = self._log.settled()
        events = self._log.live(after, upto, AT_ONCE) if upto > after else []
        return (events[-1].number if len(events) == AT_ONCE else upto), events

    def _give(self, events: list[Told]) -> None:
        for event in events:
            if self._follow is not None:
                self._follow(event)
            if event.type.startswith(LIVE):
                for stream in self._by_conversation.get(event.conversation_id, ()):
                    stream.push(event)
            for stream in self._by_conversation.get(DESK, ()):
                stream.push(event)
