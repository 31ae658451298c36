"""When the certificate ends that a TLS address serves.

The address is asked, since a renewed file that nginx has not loaded helps nobody.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

HANDSHAKE_SECONDS = 5.0
HTTPS_PORT = 443


async def certificate_end(url: str) -> float:
    """Seconds since 1970. The certificate may be expired, self-signed or another host's.

    Raises OSError (also for a failed handshake) and TimeoutError where none is served.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        _, writer = await asyncio.open_connection(
            host, parts.port or HTTPS_PORT, ssl=_unverified(), server_hostname=host
        )
        try:
            served = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.close()
    return end_of(served)


def end_of(der: bytes) -> float:
    # Imported here: it takes megabytes that a gateway without TLS does without.
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der).not_valid_after_utc.timestamp()


def _unverified() -> ssl.SSLContext:
    """Nothing is sent over the connection, and an expired certificate must be readable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
