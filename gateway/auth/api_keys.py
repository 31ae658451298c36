"""API keys: named, stored as SHA-256 digests, read again when their file changes."""

import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from gateway.auth.staff import STAFF_ROLE
from gateway.server.regular_files import Stamp, read_whole, stamp_of
from gateway.setting_values import rate

log = structlog.get_logger()
RECHECK_SECONDS = 1.0
MAX_FILE_BYTES = 1024 * 1024
REMOVED = "was removed; its keys are no longer valid"
SHA256 = re.compile(r"[0-9a-f]{64}")
EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    sha256: str
    name: str
    limit: str | None = None  # its own rate in place of RATE_LIMIT_KEY
    role: str | None = None  # "staff", or none


class APIKeyStore:
    """The keys of API_KEYS and of API_KEYS_FILE: `{"keys": [{"name", "sha256", "limit", "role"}]}`,
    limit and role optional.

    Keys rotate without a restart: `make key` adds a new key beside the old one under the same name;
    the operator deletes the old entry when nobody uses it any more.
    """

    def __init__(self, named_keys: tuple[tuple[str, str], ...], file: Path | None) -> None:
        """`named_keys`: (name, key) pairs."""
        self._from_settings = [
            Key(hashlib.sha256(key.encode()).hexdigest(), name) for name, key in named_keys
        ]
        self._file = file
        self._from_file: list[Key] = []
        self._stamp: Stamp | None = None
        self._problem = ""
        self._checked_at = float("-inf")
        self._reload()  # logs a broken file at the start

    @property
    def empty(self) -> bool:
        """Whether no key exists: the desk is open to its anonymous networks only."""
        self._reload()
        return not self._from_settings and not self._from_file

    @property
    def names(self) -> tuple[str, ...]:
        """Of all keys."""
        self._reload()
        return tuple({key.name: None for key in (*self._from_settings, *self._from_file)})

    def has(self, name: str) -> bool:
        """Whether a key of that name exists."""
        self._reload()
        return any(key.name == name for key in (*self._from_settings, *self._from_file))

    def find(self, text: str) -> Key | None:
        """The key with this text. Every digest is compared, each in constant time."""
        if not text:
            return None
        self._reload()
        # Header text is Latin-1: these are the bytes that the client sent.
        digest = hashlib.sha256(text.encode("latin-1", "replace")).hexdigest()
        found = None
        for key in (*self._from_settings, *self._from_file):
            if hmac.compare_digest(digest, key.sha256):
                found = key
        return found

    @property
    def problem(self) -> str | None:
        """Why the file cannot be used now. Keys that were read before stay valid."""
        self._reload()
        return f"{self._file}: {self._problem}" if self._problem else None

    def _reload(self) -> None:
        if self._file is None or time.monotonic() - self._checked_at < RECHECK_SECONDS:
            return
        self._checked_at = time.monotonic()
        try:
            stamp = stamp_of(self._file.stat())
            if stamp != self._stamp:
                self._from_file = _parse(read_whole(self._file, MAX_FILE_BYTES))
                self._stamp = stamp
            self._set_problem("")
        except FileNotFoundError:
            # Deleting the file revokes its keys.
            was_there = self._stamp or self._problem == REMOVED
            self._from_file, self._stamp = [], None
            self._set_problem(REMOVED if was_there else "")
        except (OSError, ValueError) as error:
            self._set_problem(str(error))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            self._set_problem(f"{type(error).__name__}: {error}")

    def _set_problem(self, problem: str) -> None:
        """Logs a problem once, not at every look at the file."""
        if problem and problem != self._problem:
            log.warning("keys_file_unreadable", path=str(self._file), reason=problem)
        self._problem = problem


def _parse(data: bytes) -> list[Key]:
    """Raises ValueError, KeyError, TypeError, AttributeError or RecursionError."""
    return [_key(entry) for entry in json.loads(data.decode("utf-8-sig"))["keys"]]


def _key(entry: dict[str, Any]) -> Key:
    """Raises ValueError for a digest that is none (such as a key in plain text, or the digest of an
    empty key), for a wrong rate, and for a name with a colon: owners are made of names."""
    digest, name, limit = str(entry["sha256"]).lower(), str(entry["name"]), entry.get("limit")
    if not SHA256.fullmatch(digest) or digest == EMPTY_DIGEST:
        raise ValueError(f"{name}: sha256 is not the SHA-256 digest of a key")
    if not name or ":" in name or not name.isprintable():
        raise ValueError(
            f"{name!r} is no name of a key: one printable character or more, and no colon"
        )
    if limit is not None:
        rate(str(limit))
    role = entry.get("role")
    if role not in (None, STAFF_ROLE):
        raise ValueError(f"{name}: {str(role)[:40]} is no role; {STAFF_ROLE} is one")
    return Key(digest, name, None if limit is None else str(limit), role)
