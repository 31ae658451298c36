"""File names of uploads: the encodings that clients use for names beyond ASCII."""

import base64
import binascii
import quopri
import re
import unicodedata
from contextlib import suppress
from urllib.parse import unquote_to_bytes

MAX_NAME = 255
# Other codecs that a client might name are slow (idna) or do not make text (utf-7).
CHARSETS = frozenset(
    ("utf-8", "us-ascii", "iso-8859-1", "windows-1252", "gb18030", "gbk", "gb2312", "big5")
)
# RFC 5987: filename*=utf-8''%E6%88%AA%E5%9B%BE.png
EXTENDED = re.compile(
    r"""filename\*="?([\w-]{1,32})'[\w-]{0,32}'([^\s"]{0,4096})"?""", re.IGNORECASE
)
# RFC 2231, section 3, a long name in parts: filename*0*=utf-8''%E6%88%AA; filename*1=".png"
CONTINUED = re.compile(r"""filename\*(\d{1,2})(\*?)="?([^\s"]{0,4096})"?""", re.IGNORECASE)
# RFC 2047: =?utf-8?B?6L+Q5Y2V?=
WORD = re.compile(r"=\?([\w-]{1,32})(?:\*[\w-]{1,32})?\?([bq])\?([^?\s]{0,4096})\?=", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"(?<=\?=)\s(?==\?)")


def plain_name(name: bytes) -> str:
    """The value of `filename`: UTF-8, else GB2312 as older Chinese programs write, else Latin-1."""
    for charset in ("utf-8", "gb2312"):
        with suppress(UnicodeDecodeError):
            return name.decode(charset)
    return name.decode("latin-1")


def extended_name(disposition: bytes) -> str | None:
    """The value of `filename*` (RFC 5987), in one or in parts (RFC 2231); None where it is missing
    or unreadable."""
    segments = [segment.strip() for segment in disposition.decode("latin-1").split(";")]
    for segment in segments:
        if found := EXTENDED.fullmatch(segment):
            return _decoded(unquote_to_bytes(found[2]), found[1])
    parts = {
        int(found[1]): (bool(found[2]), found[3])
        for found in map(CONTINUED.fullmatch, segments)
        if found
    }
    charset, mark, first = parts.get(0, (False, ""))[1].partition("'")
    if not (mark and parts[0][0]):
        return None
    data = unquote_to_bytes(first.partition("'")[2])
    for number in range(1, len(parts)):
        is_encoded, text = parts.get(number, (False, ""))
        data += unquote_to_bytes(text) if is_encoded else text.encode("latin-1")
    return _decoded(data, charset)


def encoded_name(name: str) -> str:
    """The name with its encoded words (RFC 2047) decoded."""

    def decode(word: re.Match[str]) -> str:
        text = word[3].encode("ascii", "replace")
        try:
            if word[2] in "bB":
                data = base64.b64decode(text)
            else:
                data = quopri.decodestring(text, header=True)
        except binascii.Error:
            return word[0]
        return _decoded(data, word[1]) or word[0]

    return WORD.sub(decode, BETWEEN_WORDS.sub("", name[: 4 * MAX_NAME]))


def clean(name: str) -> str:
    """The last MAX_NAME characters, without control characters, among them those that reverse the
    direction of writing and make `gnp.exe` look like `exe.png`. Empty if only dots remain."""
    kept = [
        character for character in name[: 4 * MAX_NAME] if unicodedata.category(character)[0] != "C"
    ]
    return "".join(kept)[-MAX_NAME:] if set(kept) - set(". ") else ""


def _decoded(data: bytes, charset: str) -> str | None:
    if charset.lower() not in CHARSETS:
        return None
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return None
