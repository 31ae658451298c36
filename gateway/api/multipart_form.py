"""The one file of an upload, from a multipart form, with its name as the client meant it."""

import base64
import binascii
import quopri
import re
import unicodedata
from contextlib import aclosing
from urllib.parse import unquote_to_bytes

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway.errors import InvalidRequest, UnsupportedMediaType

FIELD = "file"
MAX_FILES, MAX_FIELDS = 8, 64
MAX_FIELD_BYTES = 64 * 1024
MAX_NAME = 255
# A codec of the client's choice may be slow (idna) or make what is no text (utf-7).
CHARSETS = frozenset(
    ("utf-8", "us-ascii", "iso-8859-1", "windows-1252", "gb18030", "gbk", "gb2312", "big5")
)
# RFC 5987: filename*=utf-8''%E6%88%AA%E5%9B%BE.png
EXTENDED = re.compile(
    r"""filename\*="?([\w-]{1,32})'[\w-]{0,32}'([^\s"]{0,4096})"?""", re.IGNORECASE
)
# RFC 2047: =?utf-8?B?6L+Q5Y2V?=
WORD = re.compile(r"=\?([\w-]{1,32})(?:\*[\w-]{1,32})?\?([bq])\?([^?\s]{0,4096})\?=", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"(?<=\?=)\s(?==\?)")
# The body's schema for the OpenAPI document. Other fields, such as the `purpose` that SDKs send, are ignored.
OPENAPI_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class FormParser(MultiPartParser):
    """Starlette's, with the file names that RFC 7578 forbids and that .NET, Java's mail library and curl send all the same."""

    def on_headers_finished(self) -> None:
        part = self._current_part
        self._charset = "utf-8"  # RFC 7578, section 5.1, whatever the form claims
        disposition = part.content_disposition or b""
        if (
            b"filename*" in disposition.lower()
            and b"filename" not in parse_options_header(disposition)[1]
        ):
            part.content_disposition = (
                disposition + b'; filename=""'
            )  # Starlette takes the part for a file then
        super().on_headers_finished()
        if part.file is not None:
            part.file.filename = clean(
                extended_name(disposition) or encoded_name(part.file.filename or "")
            )


def extended_name(disposition: bytes) -> str | None:
    """What `filename*` says, where it is there and can be read."""
    for segment in disposition.decode("latin-1").split(";"):
        if found := EXTENDED.fullmatch(segment.strip()):
            return decoded(unquote_to_bytes(found[2]), found[1])
    return None


def encoded_name(name: str) -> str:
    """A name with its encoded words in plain; as it is where it has none."""

    def plain(word: re.Match[str]) -> str:
        text = word[3].encode("ascii", "replace")
        try:
            data = (
                base64.b64decode(text)
                if word[2] in "bB"
                else quopri.decodestring(text, header=True)
            )
        except binascii.Error:
            return word[0]
        return decoded(data, word[1]) or word[0]

    return WORD.sub(plain, BETWEEN_WORDS.sub("", name[: 4 * MAX_NAME]))


def decoded(data: bytes, charset: str) -> str | None:
    if charset.lower() not in CHARSETS:
        return None
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return None


def clean(name: str) -> str:
    """Without control characters and those that turn the direction of writing (`gnp.exe` shown as `exe.png`)."""
    kept = [
        character for character in name[: 4 * MAX_NAME] if unicodedata.category(character)[0] != "C"
    ]
    return "".join(kept)[-MAX_NAME:] if set(kept) - set(". ") else ""


async def read_upload(request: Request) -> tuple[str, bytes]:
    """(name, content) of the form's one file. Raises InvalidRequest or UnsupportedMediaType."""
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedMediaType(
            "Send the file as multipart/form-data.", details={"accepted": ["multipart/form-data"]}
        )
    async with aclosing(request.stream()) as stream:
        parser = FormParser(
            request.headers,
            stream,
            max_files=MAX_FILES,
            max_fields=MAX_FIELDS,
            max_part_size=MAX_FIELD_BYTES,
        )
        try:
            form = await parser.parse()
        except MultiPartException as error:
            raise InvalidRequest(
                f"The form could not be read: {error.message}", param=FIELD
            ) from None
    try:
        return await _one(form.multi_items())
    finally:
        await form.close()


async def _one(items: list[tuple[str, UploadFile | str]]) -> tuple[str, bytes]:
    files = [(name, value) for name, value in items if isinstance(value, UploadFile)]
    if len(files) > 1:
        raise InvalidRequest(
            f"The form has {len(files)} files; send one in each request.",
            param=FIELD,
            details={"name": FIELD, "limit": 1, "size": len(files)},
        )
    if not files or files[0][0] != FIELD:
        raise InvalidRequest(
            f"The form has no file in a field named {FIELD}.", param=FIELD, details={"name": FIELD}
        )
    file = files[0][1]
    data = await file.read()
    if not data:
        raise InvalidRequest(
            f"The file {file.filename or ''!r} is empty.",
            param=FIELD,
            details={"name": FIELD, "size": 0},
        )
    return file.filename or "upload", data
