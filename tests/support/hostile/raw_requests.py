"""Hostile requests as raw bytes: name → (bytes, (status, code)).

`{body}` is a good question, `{length}` its length. (0, "") is a connection that is closed without
an answer.
"""

from tests.support.hostile.pictures import OK, Answer

BODY = b'{"model":"fake-vl","messages":[{"role":"user","content":"hi"}]}'
LENGTH = b"%d" % len(BODY)
BAD: Answer = (400, "invalid_request")
NOT_FOUND: Answer = (404, "not_found")
NO_BODY: Answer = (400, "invalid_json")


def post(*headers: bytes, body: bytes = BODY, path: bytes = b"/v1/chat/completions") -> bytes:
    lines = [
        b"POST " + path + b" HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/json",
        *headers,
    ]
    return b"\r\n".join([*lines, b"", b""]) + body


def get(path: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: localhost", *headers, b"", b""])


def chunked(*chunks: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=b"".join(chunks))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = chunk(BODY) + b"0\r\n\r\n"
LENGTH_HEADER = b"Content-Length: " + LENGTH

WIRE: dict[str, tuple[bytes, Answer]] = {
    "a good question": (post(LENGTH_HEADER), OK),
    "in chunks": (chunked(CHUNKED), OK),
    "in chunks of one byte": (
        chunked(*(chunk(BODY[n : n + 1]) for n in range(len(BODY))), b"0\r\n\r\n"),
        OK,
    ),
    "chunks with extensions": (chunked(b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)), OK),
    "chunks with trailers": (chunked(chunk(BODY), b"0\r\nX-SightDesk-User: admin\r\n\r\n"), OK),
    # Two lengths, or two ways of saying one: what the next server reads as a second request.
    "a length and chunks": (post(LENGTH_HEADER, b"Transfer-Encoding: chunked", body=CHUNKED), BAD),
    "chunks and a length": (post(b"Transfer-Encoding: chunked", LENGTH_HEADER, body=CHUNKED), BAD),
    "two lengths": (post(LENGTH_HEADER, b"Content-Length: 5"), BAD),
    "two lengths in one": (post(b"Content-Length: " + LENGTH + b", " + LENGTH), BAD),
    "a length with a sign": (post(b"Content-Length: +" + LENGTH), BAD),
    "a length below zero": (post(b"Content-Length: -1"), BAD),
    "a length in hexadecimal": (post(b"Content-Length: 0x10"), BAD),
    "a length of 30 digits": (post(b"Content-Length: " + b"9" * 30), BAD),
    "a length over the bound": (post(b"Content-Length: 99999999999"), (413, "body_too_large")),
    "an unknown coding": (post(b"Transfer-Encoding: xchunked", body=CHUNKED), BAD),
    "a coding after chunks": (post(b"Transfer-Encoding: chunked, identity", body=CHUNKED), BAD),
    "a chunk's size of nothing": (chunked(b"\r\nabc\r\n0\r\n\r\n"), BAD),
    "a chunk's size of letters": (chunked(b"xyz\r\nabc\r\n0\r\n\r\n"), BAD),
    "a chunk's size below zero": (chunked(b"-5\r\nabc\r\n0\r\n\r\n"), BAD),
    "a chunk's size of 2^64": (chunked(b"10000000000000000\r\nabc\r\n0\r\n\r\n"), BAD),
    "a chunk that is longer than it says": (chunked(b"3\r\nabcdef\r\n0\r\n\r\n"), BAD),
    "a header with a space before the colon": (post(b"Content-Length : " + LENGTH), BAD),
    "a header without a name": (post(b": x", LENGTH_HEADER), BAD),
    "a header that goes on": (post(b"X-A: b\r\n c", LENGTH_HEADER), BAD),
    "a header with a zero": (post(b"X-A: b\0c", LENGTH_HEADER), BAD),
    "a header with a bare return": (post(b"X-A: b\rX-SightDesk-User: admin", LENGTH_HEADER), BAD),
    "a head of 70 KB that comes in one read": (
        get(b"/healthz", *(b"X-%d: %s" % (n, b"a" * 1000) for n in range(70))),
        BAD,
    ),
    "a head of 400 KB": (
        get(b"/healthz", *(b"X-%d: %s" % (n, b"a" * 1000) for n in range(400))),
        BAD,
    ),
    "a line of 1 MB": (get(b"/" + b"a" * 1_000_000), BAD),
    # Said twice.
    "two hosts": (post(b"Host: evil.example", LENGTH_HEADER), BAD),
    "two origins": (
        post(b"Origin: http://localhost", b"Origin: http://evil.example", LENGTH_HEADER),
        BAD,
    ),
    "two keys": (post(b"Authorization: Bearer a", b"Authorization: Bearer b", LENGTH_HEADER), BAD),
    "two types": (post(b"Content-Type: text/plain", LENGTH_HEADER), BAD),
    # What the body is.
    "compressed": (post(b"Content-Encoding: gzip", LENGTH_HEADER), (415, "unsupported_media_type")),
    "compressed by brotli": (
        post(b"Content-Encoding: br", LENGTH_HEADER),
        (415, "unsupported_media_type"),
    ),
    "compressed in chunks": (
        post(b"Transfer-Encoding: gzip, chunked", body=CHUNKED),
        (415, "unsupported_media_type"),
    ),
    "no body": (post(b"Content-Length: 0", body=b""), NO_BODY),
    "expecting to go on": (post(b"Expect: 100-continue", LENGTH_HEADER), OK),
    "expecting the impossible": (post(b"Expect: 200-maybe", LENGTH_HEADER), OK),
    # Who asks.
    "a page of another origin": (
        post(b"Origin: http://evil.example", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "a page of no origin": (post(b"Origin: null", LENGTH_HEADER), (403, "origin_not_allowed")),
    "an origin that is no URL": (
        post(b"Origin: http://[", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "an origin with a user": (
        post(b"Origin: http://localhost@evil", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "an origin with a password": (
        post(b"Origin: http://localhost:x@evil", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "an origin that ends well": (
        post(b"Origin: http://evil.example/localhost", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "an origin of wide letters": (
        post("Origin: http://℀.example".encode(), LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "an origin by number": (
        post(b"Origin: http://2130706433", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "a forged address": (
        post(b"X-Forwarded-For: 127.0.0.1", LENGTH_HEADER),
        (401, "invalid_api_key"),
    ),
    "a forged proxy": (post(b"X-Forwarded-Proto: https", LENGTH_HEADER), (401, "invalid_api_key")),
    "a forged user": (post(b"X-SightDesk-User: admin", LENGTH_HEADER), OK),
    "a page of another site that names no origin": (
        post(b"Sec-Fetch-Site: cross-site", LENGTH_HEADER),
        (403, "origin_not_allowed"),
    ),
    "a page of this site": (post(b"Sec-Fetch-Site: same-origin", LENGTH_HEADER), OK),
    "a page of another site that is allowed": (
        post(b"Sec-Fetch-Site: cross-site", b"Origin: http://localhost:9000", LENGTH_HEADER),
        OK,
    ),
    "a header that hides": (post(b"X_Forwarded_For: 127.0.0.1", LENGTH_HEADER), OK),
    "an empty bearer": (post(b"Authorization: Bearer", LENGTH_HEADER), (401, "invalid_api_key")),
    "a bearer of 60 KB": (
        post(b"Authorization: Bearer " + b"a" * 60_000, LENGTH_HEADER),
        (401, "invalid_api_key"),
    ),
    "a bearer of bytes": (
        post(b"Authorization: Bearer \xff\xfe", LENGTH_HEADER),
        (401, "invalid_api_key"),
    ),
    "a request's id with a break": (post(b"X-Request-ID: a%0d%0aSet-Cookie:x", LENGTH_HEADER), OK),
    "a host of another": (
        get(b"/v1/models").replace(b"localhost", b"evil.example"),
        (401, "invalid_api_key"),
    ),
    "no host": (b"GET /v1/models HTTP/1.1\r\n\r\n", (401, "invalid_api_key")),
    "HTTP/1.0": (b"GET /v1/models HTTP/1.0\r\nHost: localhost\r\n\r\n", OK),
    # What is asked for.
    "no HTTP": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", BAD),
    "HTTP/2 without asking": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    "HTTP/9": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", BAD),
    "a method of its own": (b"HACK / HTTP/1.1\r\nHost: localhost\r\n\r\n", BAD),
    "a method in small letters": (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", BAD),
    "tracing": (
        b"TRACE /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        (405, "method_not_allowed"),
    ),
    "a tunnel": (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", (400, "")),
    "an upgrade": (get(b"/v1/models", b"Connection: Upgrade", b"Upgrade: websocket"), OK),
    "an upgrade to h2c": (
        get(b"/v1/models", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"),
        OK,
    ),
    "up the tree": (get(b"/assets/../../gateway/settings.py"), NOT_FOUND),
    "up the tree, encoded": (get(b"/assets/%2e%2e/%2e%2e/gateway/settings.py"), NOT_FOUND),
    "up the tree, twice encoded": (get(b"/assets/%252e%252e/gateway/settings.py"), NOT_FOUND),
    "up the tree, backwards": (get(b"/assets/..%5c..%5cgateway%5csettings.py"), NOT_FOUND),
    "a zero in a path": (get(b"/assets/%00"), NOT_FOUND),
    "a zero in a name": (get(b"/assets/js%00/main.js"), NOT_FOUND),
    "bytes in a path": (get(b"/assets/%ff%fe"), NOT_FOUND),
    "a long name": (get(b"/assets/" + b"a" * 5000), NOT_FOUND),
    "two slashes": (get(b"//v1/models"), NOT_FOUND),
    "a folder": (get(b"/assets/"), NOT_FOUND),
    "a path in capitals": (get(b"/V1/models"), NOT_FOUND),
    "a slash at the end": (get(b"/v1/models/"), (404, "model_not_found")),
    "a slash at the end of a list": (get(b"/v1/files/"), NOT_FOUND),
    "a slash at the end of a name": (get(b"/api/config/"), NOT_FOUND),
    "a slash at the end of a question": (
        post(LENGTH_HEADER, path=b"/v1/chat/completions/"),
        NOT_FOUND,
    ),
    "another's URL": (get(b"http://evil.example/v1/models"), OK),
    "the engine's own routes": (get(b"/v1/completions"), NOT_FOUND),
    "the engine's tokenizer": (post(LENGTH_HEADER, path=b"/tokenize"), NOT_FOUND),
    "the engine's embeddings": (post(LENGTH_HEADER, path=b"/v1/embeddings"), NOT_FOUND),
    "the document": (get(b"/openapi.json"), NOT_FOUND),
    "a file's path": (get(b"/v1/files/..%2f..%2fembed_secret"), NOT_FOUND),
    "a file by a strange name": (get(b"/v1/files/file-%0a%0d%00"), (404, "file_not_found")),
    "a start by superscript": (get(b"/api/chat/answer-x?from=%C2%B2"), NOT_FOUND),
    "a start of 5000 digits": (get(b"/api/chat/answer-x?from=" + b"9" * 5000), NOT_FOUND),
    "a start below zero": (get(b"/api/chat/answer-x?from=-1"), NOT_FOUND),
}
