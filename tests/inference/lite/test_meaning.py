"""How near texts are to a question, and that vectors are kept."""

from collections.abc import Sequence

import numpy as np
import pytest

from inference.lite.budget import Budget
from inference.lite.embedding import meaning as module
from inference.lite.embedding.meaning import Meaning
from inference.lite.embedding.use import USE
from inference.lite.errors import LiteError


def test_a_label_is_near_to_a_question_in_other_words() -> None:
    meaning = Meaning(USE().encode)
    labels = ["托寄物", "实付款", "派送员", "检票口"]
    near = meaning.near("谁来送的", labels, Budget())
    assert labels[int(np.argmax(near))] == "派送员"


def test_vectors_are_calculated_once_and_the_oldest_are_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> "np.ndarray":
        asked.extend(texts)
        return np.ones((len(texts), 2), np.float32)

    monkeypatch.setattr(module, "MOST", 3)
    meaning = Meaning(encode)
    meaning.near("a", ["b", "c", "b"], Budget())
    meaning.near("a", ["b", "d"], Budget())
    assert asked == ["a", "b", "c", "d"]
    meaning.near("a", ["c"], Budget())
    assert asked[-1] == "c"


def test_no_more_is_calculated_than_a_request_may_take() -> None:
    budget = Budget()
    budget.cancel()
    with pytest.raises(LiteError):
        Meaning(lambda texts: np.ones((len(texts), 2), np.float32)).near("a", ["b"], budget)
