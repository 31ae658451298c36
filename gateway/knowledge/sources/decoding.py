"""Text of bytes: UTF-8, or GB18030 where it is valid only so."""

import codecs

for _name in ("gb18030", "gb2312"):
    codecs.lookup(_name)  # loads it now: the sandbox opens no file later on
PROBE_CHARS = 100_000


class NotText(ValueError):
    """The bytes are in neither encoding. The message says where."""


def decoded(data: bytes) -> tuple[str, list[str]]:
    """(text without NUL characters, problems). Raises NotText."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = _chinese(data, error)
    text = text.removeprefix("\ufeff")
    at = text.find("\0")
    if at < 0:
        return text, []
    line = text.count("\n", 0, at) + 1
    return text.replace("\0", ""), [
        f"{text.count(chr(0))} NUL characters are left out, the first in line {line}"
    ]


def _chinese(data: bytes, wrong: UnicodeDecodeError) -> str:
    """Most bytes are valid GB18030 by chance, and then give rare characters: half of what is not
    ASCII has to be in GB 2312, as nearly all of a Chinese text is."""
    line = data.count(b"\n", 0, wrong.start) + 1
    refusal = f"line {line}: not UTF-8 at byte {wrong.start}; save it as UTF-8"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise NotText(refusal) from None
    foreign = "".join(character for character in text[:PROBE_CHARS] if character > "\x7f")
    if len(foreign.encode("gb2312", "ignore")) < len(foreign):  # two bytes a character
        raise NotText(refusal)
    return text
