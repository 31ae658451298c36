"""Divides IMAGE_TOKENS and the engine's slots for pictures: the newest keep their size."""

ENGINE_IMAGES = 16  # pictures that the engine takes in one request
# With fewer tokens the text of a screenshot cannot be read; its OCR reading says more.
FLOOR_TOKENS = 256


class Budget:
    """Asked for picture after picture, the newest first."""

    def __init__(self, tokens: int, images: int = ENGINE_IMAGES) -> None:
        self._tokens = tokens
        self._images = images

    @property
    def is_spent(self) -> bool:
        return self._images == 0

    def grant(self, tokens: int) -> int:
        """The tokens that the next picture may have: all of `tokens`, fewer, or 0 where its reading
        must do. After the first 0 the budget is spent."""
        if self._images == 0 or self._tokens < min(FLOOR_TOKENS, tokens):
            self._images = 0
            return 0
        granted = min(tokens, self._tokens)
        self._tokens -= granted
        self._images -= 1
        return granted
