"""API keys: named, kept as SHA-256 digests, reread from their file when it changes."""

import hashlib
import hmac
import json
import logging
import time
from pathlib import Path

log = logging.getLogger("sightdesk.keys")
RECHECK_SECONDS = 1.0


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class KeyRing:
    """The keys of API_KEYS, and those of API_KEYS_FILE: `{"keys": [{"name", "sha256"}]}`."""

    def __init__(self, named_keys: tuple[tuple[str, str], ...], file: Path | None) -> None:
        self._fixed = [(digest(key), name) for name, key in named_keys]
        self._file = file
        self._from_file: list[tuple[str, str]] = []
        self._stamp: tuple[int, int] | None = None
        self._checked = -RECHECK_SECONDS

    @property
    def empty(self) -> bool:
        """Whether no key exists at all: a desk that is open to its anonymous networks only."""
        self._reread()
        return not self._fixed and not self._from_file

    def name_of(self, key: str) -> str | None:
        """The name of a key, or None. Every digest is compared, each in constant time."""
        self._reread()
        shown = digest(key)
        found = None
        for known, name in (*self._fixed, *self._from_file):
            if hmac.compare_digest(shown, known):
                found = name
        return found

    def _reread(self) -> None:
        if self._file is None or time.monotonic() - self._checked < RECHECK_SECONDS:
            return
        self._checked = time.monotonic()
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                entries = json.loads(self._file.read_text("utf-8"))["keys"]
                self._from_file = [(str(entry["sha256"]).lower(), str(entry["name"])) for entry in entries]
                self._stamp = stamp
        except FileNotFoundError:
            self._from_file, self._stamp = [], None
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Half-written or broken: the keys that were good stay good.
            log.warning("keys_file_unreadable", extra={"path": str(self._file), "reason": str(error)})
