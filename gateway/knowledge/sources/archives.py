"""Office files are ZIP archives: how much they may unpack to."""

import io
import zipfile

MAX_MEMBERS = 5_000
MAX_MEMBER_BYTES = 64 * 1024 * 1024
MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 200  # bytes that one byte of the file unpacks to; XML of real files reaches 40
MIN_BYTES = 16 * 1024 * 1024  # below which the ratio does not matter
MEDIA = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bmp", ".tif", ".tiff", ".mp4")


class NotReadable(ValueError):
    """The file cannot be read. The message says why and what to do."""


def check_archive(data: bytes) -> None:
    """Raises NotReadable for what is no ZIP, is encrypted or unpacks to too much. Python's zipfile
    unpacks no more than the sizes that are looked at here."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise NotReadable(f"is damaged: {error}; save it again") from None
    if len(members) > MAX_MEMBERS:
        raise NotReadable(f"has {len(members)} parts; at most {MAX_MEMBERS} are read")
    if any(member.flag_bits & 1 for member in members):
        raise NotReadable("is encrypted; save it without a password")
    texts = [one for one in members if not one.filename.lower().endswith(MEDIA)]
    size = sum(member.file_size for member in texts)
    largest = max((member.file_size for member in texts), default=0)
    if largest > MAX_MEMBER_BYTES or size > max(MIN_BYTES, min(MAX_BYTES, MAX_RATIO * len(data))):
        raise NotReadable(f"unpacks to {size} bytes; that is more than one file is given")
