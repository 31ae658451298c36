"""File uploads in every form that clients send: spellings of names, missing and empty files."""

from urllib.parse import quote

import pytest
import requests

from gateway.api.file_names import clean, encoded_name, extended_name
from tests.support.paths import ROOT
from tests.support.servers import Running

PNG = (ROOT / "examples/screens/app-error.png").read_bytes()
B = "X-BOUNDARY"
NAME = "运单 截图.png"
EXTENDED = "utf-8''" + quote(NAME)
WORD = "=?utf-8?B?6L+Q5Y2VIOaIquWbvi5wbmc=?="


def part(disposition: bytes, data: bytes = PNG, kind: bytes = b"image/png") -> bytes:
    head = b"--" + B.encode() + b"\r\nContent-Disposition: form-data; " + disposition
    return head + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + data + b"\r\n"


def send(
    gateway: Running, *parts: bytes, kind: str = f"multipart/form-data; boundary={B}"
) -> requests.Response:
    body = b"".join(parts) + b"--" + B.encode() + b"--\r\n"
    return requests.post(
        gateway.url + "/v1/files", data=body, headers={"content-type": kind}, timeout=20
    )


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        (f'name=file; filename="{WORD}"; filename*={EXTENDED}', NAME),  # .NET
        (f'name="file"; filename*={EXTENDED}', NAME),
        (f'name="file"; filename="fallback.png"; filename*={EXTENDED}', NAME),
        (f'name="file"; filename="{WORD}"', NAME),
        ('name="file"; filename="=?gb18030?Q?=D4=CB=B5=A5.png?="', "运单.png"),
        (f'name="file"; filename="{NAME}"', NAME),
        ("name=\"file\"; filename*=iso-8859-1''caf%E9.png", "café.png"),
        ('name="file"; filename="a.png"; filename*=utf-8\'\'%ff', "a.png"),  # not what it claims
        (
            'name="file"; filename="a.png"; filename*=idna\'\'xn--a',
            "a.png",
        ),  # no charset that is taken
        ('name="file"; filename="=?idna?B?YQ==?="', "=?idna?B?YQ==?="),
        (
            "name=\"file\"; filename*0*=utf-8''%E8%BF%90%E5; filename*1*=%8D%95%20; "
            'filename*2="a.png"',
            "运单 a.png",
        ),  # Java's mail library
        ('name="file"; filename*1=b; filename*0=a', "upload"),
        ('name="file"; filename="运单 截图.png"'.encode("gb2312"), NAME),
        ('name="file"; filename="Müller café.png"'.encode("latin-1"), "Müller café.png"),
        ('name="file"; filename="C:\\dir\\a.png"', "a.png"),
        ('name="file"; filename="../../a.png"', "a.png"),
        ('name="file"; filename="a\u202egnp.exe"', "agnp.exe"),
        ('name="file"; filename=""', "upload"),
        ('name="file"; filename=".."', "upload"),
        ("name=\"file\"; filename*=utf-8''", "upload"),
        ("name=\"file\"; filename*=utf-7''a", "upload"),
    ],
)
def test_a_file_has_the_name_that_its_sender_meant(
    gateway: Running, disposition: str | bytes, expected: str
) -> None:
    given = disposition if isinstance(disposition, bytes) else disposition.encode()
    answer = send(gateway, part(given))
    assert answer.status_code == 200, answer.text
    assert answer.json()["filename"] == expected


@pytest.mark.parametrize(
    "charset",
    ["utf-7", "unicode_escape", "idna", "punycode", "undefined", "base64", "../x", "x" * 999],
)
def test_a_form_chooses_no_codec(gateway: Running, charset: str) -> None:
    for name in (b"+2AA-.png", b"\\ud800.png", b"a-" + b"9" * 3000):
        answer = send(
            gateway,
            part(b'name="file"; filename="' + name + b'"'),
            kind=f"multipart/form-data; boundary={B}; charset={charset}",
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["filename"] in (
            name.decode(),
            name.decode()[-255:],
            name.decode()[:255],
            "ud800.png",
        )


def test_an_empty_file_two_files_and_none_are_refused_in_words(gateway: Running) -> None:
    one, two = part(b'name="file"; filename="a.png"'), part(b'name="file"; filename="b.png"')
    other = part(b'name="picture"; filename="a.png"')
    for parts, word, details in (
        ([part(b'name="file"; filename="a.png"', b"")], "empty", {"name": "file", "size": 0}),
        ([one, two], "2 files", {"name": "file", "limit": 1, "size": 2}),
        ([one, other], "2 files", {"name": "file", "limit": 1, "size": 2}),
        ([other], "no file in a field named file", {"name": "file"}),
        ([part(b'name="file"')], "no file in a field named file", {"name": "file"}),
        ([], "no file", {"name": "file"}),
    ):
        answer = send(gateway, *parts)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (
            400,
            "invalid_request",
            "file",
        ), answer.text
        assert word in error["message"]
        assert error["details"] == details


def test_a_purpose_beside_the_file_is_taken(gateway: Running) -> None:
    answer = requests.post(
        gateway.url + "/v1/files",
        files={"file": ("a.png", PNG)},
        data={"purpose": "vision"},
        timeout=20,
    )
    assert answer.status_code == 200


def test_what_is_no_form_is_told_what_is_taken(gateway: Running) -> None:
    answer = requests.post(gateway.url + "/v1/files", json={"file": "x"}, timeout=20)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert answer.json()["error"]["details"] == {"accepted": ["multipart/form-data"]}
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 999}",
    ):
        answer = send(gateway, part(b'name="file"; filename="a.png"'), kind=kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), (
            kind
        )


@pytest.mark.parametrize(
    "hostile",
    [
        *("=?" * 60_000, "=?a?b?" * 40_000, "=?a?q?=" * 40_000, "filename*='" * 20_000),
        ";filename*1*=a" * 20_000,
    ],
)
def test_names_are_read_in_bounded_time(hostile: str) -> None:
    assert len(encoded_name(hostile)) < 2000
    assert extended_name(hostile.encode()) is None
    assert len(clean(hostile)) <= 255
