"""Whether a text is Chinese or English. Codes and numbers are neither."""

import re

MAX_TEXT = 2_000  # characters that are looked at
HAN = re.compile(r"[\u2e80-\u9fff]")
# "ERR_TIMED_OUT", "PAY-4031", "SF1402857369214": no word of a language.
CODE = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]{0,40}[\d_])[A-Za-z0-9_-]{2,60}")
WORD = re.compile(r"[A-Za-z]{2,40}")
GRAMMAR = re.compile(
    r"\b(?:what|how|why|where|when|who|which|is|are|was|the|does|do|did|can|could|my|it|this|have"
    r"|i|to)\b",
    re.IGNORECASE,
)


def language_of(text: str) -> str:
    """ "zh", "en", or "" for a text without words.

    An English sentence may quote a few Chinese words; a Chinese one often names an app or "OK".
    """
    text = CODE.sub(" ", text[:MAX_TEXT])
    han, words = len(HAN.findall(text)), len(WORD.findall(text))
    if not han:
        return "en" if words else ""
    return "en" if 2 * words > han and len(GRAMMAR.findall(text)) >= 2 else "zh"
