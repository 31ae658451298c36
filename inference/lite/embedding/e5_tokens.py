"""The tokens of multilingual-e5-small: the most probable pieces of a text (SentencePiece's unigram
model, found by Viterbi's algorithm)."""

import re

import numpy as np
from numpy.typing import NDArray

SPACE = "\u2581"  # SentencePiece's sign for a space
SPACES = re.compile(" {2,}")
UNKNOWN_PENALTY = 10.0  # log probability of an unknown character below the least probable piece


class Tokens:
    def __init__(
        self,
        pieces: list[str],
        scores: NDArray[np.float32],
        normal: dict[int, str],
        unknown: int,
    ) -> None:
        self._ids = {piece: number for number, piece in enumerate(pieces) if number != unknown}
        self._scores = scores
        self._normal = normal
        self._unknown = unknown
        self._unknown_score = float(scores.min()) - UNKNOWN_PENALTY
        self._longest: dict[str, int] = {}  # of the pieces with this first character
        for piece in pieces:
            if piece:
                self._longest[piece[0]] = max(len(piece), self._longest.get(piece[0], 0))

    def of(self, text: str) -> list[int]:
        """Ids without those of start and end. Time grows with the length of `text` only."""
        text = SPACES.sub(" ", text.translate(self._normal))
        text = (text if text.startswith(" ") else " " + text).replace(" ", SPACE)
        best = [0.0] + [-1e30] * len(text)
        came: list[tuple[int, int]] = [(0, self._unknown)] * (len(text) + 1)
        ids, scores = self._ids, self._scores
        for start, character in enumerate(text):
            base = best[start]
            last = min(len(text), start + self._longest.get(character, 1))
            for end in range(start + 1, last + 1):
                number = ids.get(text[start:end])
                if number is not None and base + scores[number] > best[end]:
                    best[end] = base + float(scores[number])
                    came[end] = (start, number)
            if base + self._unknown_score > best[start + 1]:
                best[start + 1] = base + self._unknown_score
                came[start + 1] = (start, self._unknown)
        made = []
        end = len(text)
        while end > 0:
            end, number = came[end]
            made.append(number)
        return made[::-1]
