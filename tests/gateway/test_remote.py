"""Remote pictures: only from public addresses, pinned, at every redirect."""

import ipaddress
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from benchmarks.servers import Running, running
from gateway.errors import ImageTooLarge, InvalidImage
from gateway.identity.networks import Address
from gateway.media.remote import RemoteImages, is_public


@pytest.fixture(scope="module")
def host() -> Iterator[Running]:
    with running("tests.picture_host", {}) as server:
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


async def test_redirects_are_followed_three_times_and_checked_each_time(host: Running, images: RemoteImages) -> None:
    assert await images.fetch(url(host, "/redirect/3")) == b"pictures.example"
    with pytest.raises(InvalidImage, match="more than 3"):
        await images.fetch(url(host, "/redirect/4"))
    with pytest.raises(InvalidImage, match="not public"):
        await images.fetch(url(host, "/inside"))


async def test_a_name_with_one_private_address_is_refused(host: Running, images: RemoteImages) -> None:
    with pytest.raises(InvalidImage, match="not public"):
        await images.fetch(url(host, "/picture", "inside.example"))


async def test_bytes_are_counted_as_they_arrive(host: Running, images: RemoteImages) -> None:
    with pytest.raises(ImageTooLarge, match="1000"):
        await images.fetch(url(host, "/large"))


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "gopher://a", "http://user@pictures.example/", "http://", "http://a:99999/"]
)
async def test_strange_addresses_are_refused(images: RemoteImages, address: str) -> None:
    with pytest.raises(InvalidImage):
        await images.fetch(address)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "2001:0:0:1::", "2001:db8::1", "64:ff9b:1::1", "::7f00:1", "::ffff:0:7f00:1", "fec0::1", "3fff::1",
        "192.88.99.1", "100::1", "5f00::1", "2002:808:808::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def test_addresses_that_are_public() -> None:
    assert is_public(ipaddress.ip_address("8.8.8.8"))
    assert is_public(ipaddress.ip_address("2606:4700::1111"))


@pytest.mark.parametrize("port", [1, 22, 25, 53, 81, 389, 445, 1023])
async def test_ports_of_other_services_are_refused(images: RemoteImages, port: int) -> None:
    with pytest.raises(InvalidImage, match="port"):
        await images.fetch(f"http://pictures.example:{port}/")


async def test_a_picture_comes_as_it_is_and_its_host_leaves_no_cookie(host: Running, images: RemoteImages) -> None:
    told = json.loads(await images.fetch(url(host, "/headers")))
    assert told["accept-encoding"] == "identity"
    again = json.loads(await images.fetch(url(host, "/headers")))
    assert "cookie" not in again
    assert not list(images._http.cookies.jar)


async def test_literal_private_addresses_are_refused_in_every_spelling() -> None:
    real = RemoteImages(1000)
    for text in (
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
    ):
        with pytest.raises(InvalidImage):
            await real.fetch(f"http://{text}:1/")
