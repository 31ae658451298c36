"""API keys: named, kept as SHA-256 digests, reread from their file when it changes."""

import hashlib
import hmac
import json
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.server.regular_files import Stamp, read_whole, stamp_of
from gateway.settings import rate

log = logging.getLogger("sightdesk.keys")
RECHECK_SECONDS = 1.0
MAX_FILE_BYTES = 1024 * 1024
GONE = "was removed; its keys are no longer valid"
SHA256 = re.compile(r"[0-9a-f]{64}")
OF_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    sha256: str
    name: str
    limit: str | None = None  # its own rate instead of RATE_LIMIT_KEY


class APIKeyStore:
    """The keys of API_KEYS, and those of API_KEYS_FILE: `{"keys": [{"name", "sha256", "limit"}]}`, the limit optional.

    A key is changed without a restart and without a gap: `make key` adds the new one beside the old under the same name, and
    the old one's entry is deleted when nobody uses it any more.
    """

    def __init__(self, named_keys: tuple[tuple[str, str], ...], file: Path | None) -> None:
        self._fixed = [
            Key(hashlib.sha256(key.encode()).hexdigest(), name) for name, key in named_keys
        ]
        self._file = file
        self._from_file: list[Key] = []
        self._stamp: Stamp | None = None
        self._broken = ""
        self._checked = float("-inf")
        self._reread()  # a file that is broken is told at the start

    @property
    def empty(self) -> bool:
        """Whether no key exists at all: a desk that is open to its anonymous networks only."""
        self._reread()
        return not self._fixed and not self._from_file

    def has(self, name: str) -> bool:
        """Whether a key of that name exists."""
        self._reread()
        return any(key.name == name for key in (*self._fixed, *self._from_file))

    def find(self, shown: str) -> Key | None:
        """The key behind the text of a header, or None. Every digest is compared, each in constant time."""
        if not shown:
            return None
        self._reread()
        digest = hashlib.sha256(
            shown.encode("latin-1", "replace")
        ).hexdigest()  # the bytes as they came
        found = None
        for key in (*self._fixed, *self._from_file):
            if hmac.compare_digest(digest, key.sha256):
                found = key
        return found

    @property
    def problem(self) -> str | None:
        """Why the file cannot be used now; the keys that were good stay good."""
        self._reread()
        return f"{self._file}: {self._broken}" if self._broken else None

    def _reread(self) -> None:
        if self._file is None or time.monotonic() - self._checked < RECHECK_SECONDS:
            return
        self._checked = time.monotonic()
        try:
            stamp = stamp_of(self._file.stat())
            if stamp != self._stamp:
                self._from_file = _entries(read_whole(self._file, MAX_FILE_BYTES))
                self._stamp = stamp
            self._tell("")
        except FileNotFoundError:
            # Deleting the file revokes its keys.
            gone = GONE if self._stamp or self._broken == GONE else ""
            self._from_file, self._stamp = [], None
            self._tell(gone)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            # Half-written or broken: the keys that were good stay good.
            self._tell(
                str(error)
                if isinstance(error, OSError | ValueError)
                else f"{type(error).__name__}: {error}"
            )

    def _tell(self, broken: str) -> None:
        """Logs a reason once, not with every look at the file."""
        if broken and broken != self._broken:
            log.warning("keys_file_unreadable", extra={"path": str(self._file), "reason": broken})
        self._broken = broken


def _entries(data: bytes) -> list[Key]:
    """Raises ValueError, KeyError, TypeError, AttributeError, RecursionError."""
    return [_entry(entry) for entry in json.loads(data.decode("utf-8-sig"))["keys"]]


def _entry(entry: dict[str, Any]) -> Key:
    """Raises ValueError for what is no digest or no rate, and so for a key written in plain or an empty one. A name without a
    colon: owners are made of names."""
    digest, name, limit = str(entry["sha256"]).lower(), str(entry["name"]), entry.get("limit")
    if not SHA256.fullmatch(digest) or digest == OF_NOTHING:
        raise ValueError(f"{name}: sha256 is not the SHA-256 digest of a key")
    if not name or ":" in name or not name.isprintable():
        raise ValueError(
            f"{name!r} is no name of a key: one printable character or more, and no colon"
        )
    if limit is not None:
        rate(str(limit))
    return Key(digest, name, None if limit is None else str(limit))
