"""The one file of an upload, from a multipart form, with the file name that the client meant."""

from contextlib import aclosing

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway.api.file_names import clean, encoded_name, extended_name, plain_name
from gateway.errors import InvalidRequest, UnsupportedMediaType

FIELD = "file"
MAX_FILES, MAX_FIELDS = 8, 64
MAX_FIELD_BYTES = 64 * 1024
# The body's schema for the OpenAPI document. Other fields are ignored, such as the `purpose` that
# SDKs send.
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
    """Starlette's parser, plus forms of file names that RFC 7578 forbids but .NET, Java's mail
    library and curl send."""

    def on_headers_finished(self) -> None:
        part = self._current_part
        self._charset = "utf-8"  # RFC 7578, section 5.1, whatever the form says
        disposition = part.content_disposition or b""
        has_extended_name = b"filename*" in disposition.lower()
        options = parse_options_header(disposition)[1]
        if has_extended_name and b"filename" not in options:
            # Without a `filename`, Starlette does not take the part for a file.
            part.content_disposition = disposition + b'; filename=""'
        super().on_headers_finished()
        if part.file is not None:
            plain = plain_name(options.get(b"filename", b""))
            part.file.filename = clean(extended_name(disposition) or encoded_name(plain))


async def read_upload(request: Request) -> tuple[str, bytes]:
    """(file name, content) of the form's one file. Raises InvalidRequest or
    UnsupportedMediaType."""
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
        return await _only_file(form.multi_items())
    finally:
        await form.close()


async def _only_file(items: list[tuple[str, UploadFile | str]]) -> tuple[str, bytes]:
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
