"""Encrypts a backup for the owners of age keys (age-encryption.org), and decrypts it with one."""

from collections.abc import Sequence
from pathlib import Path

import pyrage
from pyrage import x25519

from gateway.backup.archive import BadArchive


def encrypt(recipients: Sequence[str], plain: Path, target: Path) -> None:
    """`recipients`: public keys, such as age1…. Raises OSError."""
    try:
        to = [x25519.Recipient.from_str(one) for one in recipients]
    except pyrage.RecipientError as error:
        raise OSError(f"BACKUP_AGE_RECIPIENT: {error}") from None
    pyrage.encrypt_file(str(plain), str(target), to)


def decrypt(identity: str, file: Path, target: Path) -> None:
    """`identity`: the text of a key file, with lines AGE-SECRET-KEY-1…. Raises BadArchive."""
    lines = [line.strip() for line in identity.splitlines()]
    try:
        keys = [x25519.Identity.from_str(one) for one in lines if one and not one.startswith("#")]
        if not keys:
            raise BadArchive("IDENTITY has no age key; it has a line AGE-SECRET-KEY-1…")
        pyrage.decrypt_file(str(file), str(target), keys)
    except (pyrage.IdentityError, pyrage.DecryptError, OSError) as error:
        raise BadArchive(f"{file.name} cannot be decrypted: {error}") from None
