"""How near texts are to a question in meaning: the quick model, for the few labels of a picture."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.lite.budget import Budget
from inference.lite.embedding.models import prepared_text

MOST = 4_096  # vectors that are kept: 8 MB
SECONDS = 1.0  # of one question; it takes 0.05 where the machine is idle
SLICE = 16  # texts between two looks at the budget

Floats = NDArray[np.float32]


class Meaning:
    """For any number of threads. The vectors of texts that papers have in common are kept."""

    def __init__(self, encode: Callable[[Sequence[str]], Floats]) -> None:
        self._encode = encode
        self._kept: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def near(self, question: str, texts: Sequence[str], budget: Budget) -> list[float]:
        """The cosine of each text with the question; 0 for those for which a busy machine has no
        time."""
        vectors = self._vectors([question, *texts], budget)
        return [float(vectors[0] @ vector) for vector in vectors[1:]]

    def _vectors(self, texts: Sequence[str], budget: Budget) -> list[Floats]:
        prepared = [prepared_text(text) for text in texts]
        with self._lock:
            known = {text: self._kept[text] for text in prepared if text in self._kept}
        new = [text for text in dict.fromkeys(prepared) if text not in known]
        ends = time.monotonic() + SECONDS
        for start in range(0, len(new), SLICE):
            budget.check()
            if time.monotonic() > ends:
                break
            part = new[start : start + SLICE]
            known.update(zip(part, self._encode(part), strict=True))
        with self._lock:
            for text in filter(known.__contains__, prepared):
                self._kept[text] = known[text]
                self._kept.move_to_end(text)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        none = np.zeros_like(known[prepared[0]])
        return [known.get(text, none) for text in prepared]
