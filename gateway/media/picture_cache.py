"""Prepared pictures by the SHA-256 of their file, the least recently used dropped first."""

from collections import OrderedDict

from gateway.media.picture import Picture

MAX_BYTES = 64 * 1024 * 1024


class PictureCache:
    def __init__(self) -> None:
        self._pictures: OrderedDict[str, list[Picture]] = OrderedDict()
        self._size = 0

    def get(self, sha256: str) -> list[Picture] | None:
        pictures = self._pictures.get(sha256)
        if pictures is not None:
            self._pictures.move_to_end(sha256)
        return pictures

    def add(self, sha256: str, pictures: list[Picture]) -> None:
        if sha256 in self._pictures:  # the same file was prepared twice at once
            return
        self._pictures[sha256] = pictures
        self._size += _bytes(pictures)
        while self._size > MAX_BYTES:
            _, oldest = self._pictures.popitem(last=False)
            self._size -= _bytes(oldest)

    def clear(self) -> None:
        self._pictures.clear()
        self._size = 0


def _bytes(pictures: list[Picture]) -> int:
    return sum(len(picture.data) + picture.content_size for picture in pictures)
