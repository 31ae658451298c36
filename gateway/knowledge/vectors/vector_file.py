"""Vectors of texts on disk: 8 bits a number, found by a digest of the model and the text.

One file a model: magic, JSON head, digests, scales, rows, and a checksum over all of it. A file
that is damaged, or of another model, counts as empty, and its vectors are computed again.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from gateway.knowledge.vectors.embedding_client import Floats

log = structlog.get_logger()
MAGIC = b"SDVEC1\n\0"
SIZE = struct.Struct("<I")
DIGEST_BYTES = 16
CHECKSUM_BYTES = 32
GROWTH = 1024  # rows


def digest_of(model: str, kind: str, text: str) -> bytes:
    """`text`: normalised as it is sent to the model."""
    key = "\0".join((model, kind, text)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(key, digest_size=DIGEST_BYTES).digest()


class VectorFile:
    """For one thread at a time."""

    def __init__(self, folder: Path, model: str) -> None:
        name = hashlib.sha256(model.encode()).hexdigest()[:16]
        self.path = folder / f"{name}.vectors"
        self._model = model
        self._places: dict[bytes, int] = {}
        self._rows: NDArray[np.int8] = np.zeros((0, 0), np.int8)
        self._scales: Floats = np.zeros(0, np.float32)
        self.unsaved = 0  # vectors that were added since the last `save`

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def width(self) -> int:
        """0 without vectors."""
        return self._rows.shape[1] if self._places else 0

    def load(self) -> None:
        """Reads the file, if there is one. Never raises for its content."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        try:
            self._read(memoryview(data))
        except (ValueError, KeyError, TypeError, struct.error) as error:
            log.warning("vectors_unreadable", path=self.path.name, reason=str(error))

    def add(self, digests: Sequence[bytes], vectors: Floats) -> None:
        """Raises ValueError for vectors of another width than those before."""
        count, width = len(self._places), vectors.shape[1]
        if count and width != self._rows.shape[1]:
            raise ValueError(f"the model changed its width from {self._rows.shape[1]} to {width}")
        if count + len(digests) > len(self._scales):
            more = max(len(digests), GROWTH, count // 2)
            kept = self._rows.reshape(-1, width)
            self._rows = np.concatenate([kept, np.zeros((more, width), np.int8)])
            self._scales = np.concatenate([self._scales, np.zeros(more, np.float32)])
        scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
        for digest, vector, scale in zip(digests, vectors, scales, strict=True):
            place = self._places.setdefault(digest, len(self._places))
            self._rows[place] = np.round(vector / scale)
            self._scales[place] = scale
        self.unsaved += len(digests)

    def rows(self, digests: Iterable[bytes]) -> tuple[NDArray[np.int8], Floats]:
        """(rows, scales) in the order of `digests`. Raises KeyError for one that is missing."""
        places = [self._places[digest] for digest in digests]
        return self._rows[places], self._scales[places]

    def save(self, wanted: set[bytes]) -> None:
        """Writes those of `wanted`, whole or not at all. Raises OSError."""
        digests = [digest for digest in self._places if digest in wanted]
        rows, scales = self.rows(digests)
        head = orjson.dumps(
            {"model": self._model, "width": int(rows.shape[1]), "count": len(digests)}
        )
        parts = [MAGIC, SIZE.pack(len(head)), head, b"".join(digests)]
        parts += [scales.astype("<f4").tobytes(), rows.tobytes()]
        checksum = hashlib.sha256()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        with temporary.open("wb") as file:
            for part in parts:
                checksum.update(part)
                file.write(part)
            file.write(checksum.digest())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        self.unsaved = 0

    def _read(self, data: memoryview) -> None:
        body, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
        if hashlib.sha256(body).digest() != bytes(checksum) or body[: len(MAGIC)] != MAGIC:
            raise ValueError("the file is damaged")
        at = len(MAGIC) + SIZE.size
        (size,) = SIZE.unpack_from(body, len(MAGIC))
        head = orjson.loads(body[at : at + size])
        at += size
        if head["model"] != self._model:
            raise ValueError("the file is of another model")
        count, width = int(head["count"]), int(head["width"])
        digests = bytes(body[at : at + count * DIGEST_BYTES])
        at += len(digests)
        self._scales = np.frombuffer(body, "<f4", count, at).astype(np.float32)
        at += 4 * count
        self._rows = np.frombuffer(body, np.int8, count * width, at).reshape(count, width).copy()
        self._places = {
            digests[start : start + DIGEST_BYTES]: number
            for number, start in enumerate(range(0, len(digests), DIGEST_BYTES))
        }
