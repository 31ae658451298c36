"""Readings of pictures in the Redis that gateways share, so that each picture is read once by all.

A picture's name there and the key of its reading both come from the picture itself and the
gateways' secret: who has Redis alone learns neither which pictures there are nor what is in them.

Importing this module takes memory: import it only where there is a Redis.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
import zlib
from collections import deque
from typing import Any

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import __version__
from gateway.errors import release_frames
from gateway.media.picture import Reading
from gateway.throttling.redis_client import FAILURES

log = structlog.get_logger()
KEEP_SECONDS = 3600  # from when it was read; a rule for fields that changes holds for all after it
REPLY_SECONDS = 0.2  # a question waits READER_TIMEOUT for its readings in all
PAUSE_SECONDS = 5.0  # after Redis did not answer
MAX_BYTES = 256 * 1024  # of one reading; a dense screenshot has 10 to 20 KiB, packed
MAX_OWN_BYTES = 16 * 1024 * 1024  # that one gateway has there
NONCE_BYTES = 12


class SharedReadings:
    """Belongs to one event loop."""

    def __init__(self, client: Any, secret: str) -> None:
        """`secret`: EMBED_SECRET, the same on all gateways; with another one nothing is found."""
        self._client = client
        self._secret = hashlib.sha256(b"readings\0" + secret.encode()).digest()
        self._ask_again_at = 0.0
        self._own: deque[tuple[float, int]] = deque()  # (when it ends, bytes) of what is there
        self._own_bytes = 0
        self._puts: set[asyncio.Task[None]] = set()

    async def find(self, sha256: str) -> Reading | None:
        """None too where Redis does not answer at once."""
        if time.monotonic() < self._ask_again_at:
            return None
        name, key = self._names(sha256)
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                sealed = await self._client.get(name)
        except FAILURES as error:
            self._pause(error)
            return None
        try:
            return opened(sealed, key) if sealed else None
        except (InvalidTag, ValueError, zlib.error):
            log.warning("shared_reading_unreadable")
            return None

    def keep(self, sha256: str, reading: Reading) -> None:
        """Nobody waits for it."""
        name, key = self._names(sha256)
        sealed = seal(reading, key)
        if len(sealed) > MAX_BYTES or not self._has_room(len(sealed)):
            return
        put = asyncio.create_task(self._put(name, sealed))
        self._puts.add(put)
        put.add_done_callback(self._puts.discard)

    async def close(self) -> None:
        for put in self._puts:
            put.cancel()
        self._client.connection_pool.disconnect()

    async def _put(self, name: str, sealed: bytes) -> None:
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                await self._client.set(name, sealed, ex=KEEP_SECONDS)
        except FAILURES as error:
            self._pause(error)

    def _has_room(self, size: int) -> bool:
        now = time.monotonic()
        while self._own and self._own[0][0] <= now:
            self._own_bytes -= self._own.popleft()[1]
        if now < self._ask_again_at or self._own_bytes + size > MAX_OWN_BYTES:
            return False
        self._own.append((now + KEEP_SECONDS, size))
        self._own_bytes += size
        return True

    def _pause(self, error: BaseException) -> None:
        self._ask_again_at = time.monotonic() + PAUSE_SECONDS
        release_frames(error)

    def _names(self, sha256: str) -> tuple[str, bytes]:
        """(the name in Redis, the key of the reading)."""
        told = f"{__version__}\0{sha256}".encode()
        name = hmac.digest(self._secret, b"name\0" + told, "sha256").hex()
        return f"sightdesk/reading/{name}", hmac.digest(self._secret, b"key\0" + told, "sha256")


def seal(reading: Reading, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, zlib.compress(orjson.dumps(reading), 1), None)


def opened(sealed: bytes, key: bytes) -> Reading:
    """Raises InvalidTag, ValueError, zlib.error where it is none of ours."""
    packed = AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    reading: Reading = orjson.loads(zlib.decompress(packed))
    return reading
