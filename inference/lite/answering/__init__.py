"""How the embedded engine answers in words: what a turn wants, then sentences, then the reply."""

from inference.lite.answering.answer import answer
from inference.lite.answering.reply import Reply

__all__ = ["Reply", "answer"]
