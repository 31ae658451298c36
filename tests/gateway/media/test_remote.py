"""Remote pictures: fetched from public addresses only, checked again at every redirect."""

import asyncio
import ipaddress
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.auth.networks import Address
from gateway.errors import ImageTooLarge, InvalidImage
from gateway.media.public_addresses import Resolve, is_public
from gateway.media.remote_images import NOT_FETCHED, RemoteImages
from tests.support.hostile.addresses import LOOPBACK
from tests.support.hostile.canary import Canary, listening
from tests.support.servers import Running, running


@pytest.fixture(scope="module")
def host() -> Iterator[Running]:
    with running("tests.support.picture_host", {}) as server:
        yield server


async def local(name: str, port: int) -> list[Address]:
    """`inside` has a private address beside a public one; every other name is this machine."""
    loopback = ipaddress.ip_address("127.0.0.1")
    return [loopback, ipaddress.ip_address("10.0.0.1")] if name == "inside.example" else [loopback]


@pytest.fixture
async def images() -> AsyncIterator[RemoteImages]:
    made = RemoteImages(1000, resolve=local, allow=lambda address: address.is_loopback)
    yield made
    await made.aclose()


def url(host: Running, path: str, name: str = "pictures.example") -> str:
    return f"http://{name}:{host.url.rpartition(':')[2]}{path}"


async def test_a_picture_is_fetched_from_the_pinned_address_under_its_own_name(
    host: Running, images: RemoteImages
) -> None:
    assert await images.fetch(url(host, "/picture")) == b"pictures.example"


async def test_redirects_are_followed_three_times_and_checked_each_time(
    host: Running, images: RemoteImages
) -> None:
    assert await images.fetch(url(host, "/redirect/3")) == b"pictures.example"
    with pytest.raises(InvalidImage, match="more than 3"):
        await images.fetch(url(host, "/redirect/4"))
    with pytest.raises(InvalidImage, match="could not be fetched"):
        await images.fetch(url(host, "/inside"))


@pytest.mark.parametrize("path", ["/nowhere", "/unchanged"])
async def test_an_answer_that_is_neither_a_picture_nor_a_way_to_one_is_refused(
    host: Running, images: RemoteImages, path: str
) -> None:
    with pytest.raises(InvalidImage, match="status 30"):
        await images.fetch(url(host, path))


async def test_a_name_with_one_private_address_is_refused(
    host: Running, images: RemoteImages
) -> None:
    with pytest.raises(InvalidImage, match="could not be fetched"):
        await images.fetch(url(host, "/picture", "inside.example"))


async def test_bytes_are_counted_as_they_arrive(host: Running, images: RemoteImages) -> None:
    with pytest.raises(ImageTooLarge, match="1000"):
        await images.fetch(url(host, "/large"))


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "gopher://a", "http://user@pictures.example/", "http://",
     "http://a:99999/", "http://a/\x01",
     f"http://a/{'b' * 70_000}"],
)  # fmt: skip
async def test_strange_addresses_are_refused(images: RemoteImages, address: str) -> None:
    with pytest.raises(InvalidImage):
        await images.fetch(address)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::",
        "fe80::1", "fc00::1", "ff02::1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:0:1::",
        "2001:db8::1", "64:ff9b:1::1", "::7f00:1", "::ffff:0:7f00:1", "fec0::1", "3fff::1",
        "192.88.99.1", "100::1", "5f00::1", "2002:808:808::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_recognised(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def test_a_public_address_is_recognised() -> None:
    assert is_public(ipaddress.ip_address("8.8.8.8"))
    assert is_public(ipaddress.ip_address("2606:4700::1111"))


@pytest.mark.parametrize("port", [1, 22, 25, 53, 81, 389, 445, 1023])
async def test_ports_of_other_services_are_refused(images: RemoteImages, port: int) -> None:
    with pytest.raises(InvalidImage, match="port"):
        await images.fetch(f"http://pictures.example:{port}/")


async def test_a_picture_comes_as_it_is_and_its_host_leaves_no_cookie(
    host: Running, images: RemoteImages
) -> None:
    told = json.loads(await images.fetch(url(host, "/headers")))
    assert told["accept-encoding"] == "identity"
    again = json.loads(await images.fetch(url(host, "/headers")))
    assert "cookie" not in again
    assert not list(images._http.cookies.jar)


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


async def points_within(name: str, port: int) -> list[Address]:
    return [ipaddress.ip_address("127.0.0.1")]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_this_machine_is_reached_in_no_spelling(canary: Canary, host: str) -> None:
    real = RemoteImages(1000)
    with pytest.raises(InvalidImage) as refused:
        await real.fetch(f"http://{host}:{canary.port}/")
    assert refused.value.message == NOT_FETCHED
    assert not canary.woken
    await real.aclose()


async def test_a_public_name_that_points_within_is_not_followed(canary: Canary) -> None:
    real = RemoteImages(1000, resolve=points_within)
    with pytest.raises(InvalidImage):
        await real.fetch(f"http://pictures.example:{canary.port}/")
    assert not canary.woken
    await real.aclose()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "localhost",
        "[::ffff:7f00:1]",
    ],
)
async def test_the_canary_wakes_where_nothing_but_the_check_is_missing(
    canary: Canary, host: str
) -> None:
    """Else the tests above would hold for a gateway without it too."""
    open_to_all = RemoteImages(1000, allow=lambda address: True)
    with pytest.raises(InvalidImage):
        await open_to_all.fetch(f"http://{host}:{canary.port}/")
    assert canary.woken
    await open_to_all.aclose()


async def test_whether_a_name_exists_within_cannot_be_told(images: RemoteImages) -> None:
    async def refusal(resolve: Resolve) -> str:
        asked = RemoteImages(1000, resolve=resolve)
        with pytest.raises(InvalidImage) as refused:
            await asked.fetch("http://db.internal/")
        await asked.aclose()
        return refused.value.message

    async def nobody(name: str, port: int) -> list[Address]:
        raise socket.gaierror

    assert await refusal(nobody) == await refusal(points_within)


async def test_a_name_server_that_does_not_answer_holds_up_no_other_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(20) and [])
    real = RemoteImages(1000)
    asked = [
        asyncio.create_task(real.fetch(f"http://host{number}.example/")) for number in range(60)
    ]
    await asyncio.sleep(0.1)
    started = time.monotonic()
    await asyncio.to_thread(lambda: None)
    assert time.monotonic() - started < 5
    answers.set()
    refused = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, InvalidImage) for one in refused)
    await real.aclose()


async def test_a_connection_serves_one_picture(host: Running, images: RemoteImages) -> None:
    """HTTPX pools connections by address: over TLS, the next host at the same address would be
    accepted by the certificate of the host before."""
    assert json.loads(await images.fetch(url(host, "/peer"))) != json.loads(
        await images.fetch(url(host, "/peer"))
    )
