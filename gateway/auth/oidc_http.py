"""HTTP to the OpenID Connect provider: short time-outs, small answers, no redirects."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2

MAX_BYTES = 256 * 1024  # of one answer; Microsoft's key sets have about 20 KB
CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0  # between two reads
WHOLE_SECONDS = 10.0  # one exchange with the provider, answer included


class AnswerTooLarge(httpx2.TransportError):
    pass


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MAX_BYTES:
                raise AnswerTooLarge(f"the answer has more than {MAX_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Raises AnswerTooLarge for more than MAX_BYTES, and for a compressed answer, whose size is
    known only when it is unpacked."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise AnswerTooLarge("the answer is compressed, against what was asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_BoundedStream(response.stream),
            extensions=response.extensions,
        )


def bounded_transport(ca_file: Path | None) -> BoundedTransport:
    """`ca_file`: further certificates to check the provider's TLS with. Raises OSError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return BoundedTransport(verify=context)


TIMEOUT = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
