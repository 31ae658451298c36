"""The values that settings consist of: networks, origins, rates, keys and URLs, with their checks.

The checks raise ValueError with what is expected.
"""

import contextlib
import ipaddress
import re
from collections.abc import Collection
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from limits import parse as parse_rate
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from gateway.backup_times import backup_times
from gateway.service_hours import service_hours

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 1122, 4291, 1918, 3927, 4193.
PRIVATE_NETWORKS = (
    "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,fc00::/7,fe80::/10"
)
EVERYONE = "0.0.0.0/0,::/0"
PRIVATE_ORIGINS = "private"
DEFAULT_PORTS = {"http": 80, "https": 443}
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # RFC 9110, section 5.6.2
# In characters. A shorter one is a mistake (`shop:$UNSET`) or can be guessed; `make up` and
# `make key` generate 256 bits.
MIN_KEY = MIN_SECRET = 6
WITH_USER = re.compile(r"://[^/\s]*@")  # in a URL
# RFC 9110, section 5.5: Latin-1 without control characters, no space at either end.
HEADER_VALUE = re.compile(r"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?")


def described(detail: Any, secrets: Collection[str]) -> str:
    """A pydantic error in one line: the setting's name, its value, what is expected. Values of
    `secrets`, and URLs that may hold a password, are not shown."""
    name, value = str(detail["loc"][0]), repr(detail["input"])
    expected = str(detail["msg"]).removeprefix("Value error, ")
    if name in secrets or WITH_USER.search(value):
        value = "(hidden)"
    return f"{name.upper()}={value}: {expected[0].lower() + expected[1:]}"


def split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def networks(text: str) -> tuple[Network, ...]:
    """CIDRs, comma-separated; `*` is everyone."""
    text = EVERYONE if text.strip() == "*" else text
    return tuple(network(part.strip()) for part in text.split(",") if part.strip())


def as_networks(value: object) -> object:
    return networks(value) if isinstance(value, str) else value


def network(text: str) -> Network:
    """A CIDR in its own family, as clients' addresses are: `::ffff:10.0.0.0/104` is 10.0.0.0/8."""
    found = ipaddress.ip_network(text, strict=False)
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    if mapped is None or found.prefixlen < 96:
        return found
    return ipaddress.ip_network(f"{mapped}/{found.prefixlen - 96}")


def exact_origin(text: str) -> str:
    """An origin as browsers send it: lower case, punycode, no default port, no path."""
    parts = urlsplit(text.strip().rstrip("/"))
    is_bare = not ("@" in parts.netloc or parts.path or parts.query)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not is_bare:
        raise ValueError(
            f"{text} is no origin; an origin is such as https://shop.example or "
            "http://10.0.0.5:8080"
        )
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    if not re.fullmatch(r"[0-9a-z._:-]+", host):
        raise ValueError(f"{text} is no origin: {host} is no host")
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value if value == PRIVATE_ORIGINS else exact_origin(value) for value in values)


def rate(value: str) -> str:
    with contextlib.suppress(ValueError):
        if parse_rate(value).amount > 0:
            return value
    raise ValueError("a rate such as 20/minute, 5/second or 1000/hour, at least 1")


def http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value)
    ):
        raise ValueError("an http:// or https:// URL, or nothing")
    has_port(parts)
    return value.rstrip("/")


def has_port(parts: SplitResult) -> None:
    try:
        is_sound = parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ValueError("a URL with a port from 1 to 65535")


def engine_urls(values: tuple[str, ...]) -> tuple[str, ...]:
    """`dns+` in front: each address of the name is an engine."""
    for value in values:
        if not urlsplit(value.removeprefix("dns+")).hostname:
            raise ValueError("http://, https:// or dns+http:// URLs, comma-separated")
        http_url(value.removeprefix("dns+"))
    return tuple(value.rstrip("/") for value in values)


def database_url(value: SecretStr) -> SecretStr:
    schemes = ("sqlite://", "postgresql://", "postgresql+psycopg://", "postgres://")
    # Imported here: processes that ask no database load this module too.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    text = value.get_secret_value()
    try:
        is_known = text.startswith(schemes) and (make_url(text).port or 1) in range(1, 65_536)
    except (ArgumentError, ValueError):  # a port that is no number
        is_known = False
    if not is_known:
        raise ValueError("sqlite:///path or postgresql://user:password@host:port/name")
    return value


def named_keys(text: str) -> tuple[tuple[str, str], ...]:
    """(name, key) pairs; a key without a name is called `default`."""
    pairs = []
    for part in filter(None, map(str.strip, text.split(","))):
        name, separator, key = part.partition(":")
        pairs.append((name.strip(), key.strip()) if separator else ("default", part))
    for name, key in pairs:
        if not name:
            raise ValueError("a name before every colon, such as shop:key")
        if len(key) < MIN_KEY:
            raise ValueError(f"keys of {MIN_KEY} characters or more; that of {name} has {len(key)}")
    return tuple(pairs)


def api_keys(value: SecretStr) -> SecretStr:
    named_keys(value.get_secret_value())
    return value


def secret(value: SecretStr) -> SecretStr:
    size = len(value.get_secret_value().strip())
    if size < MIN_SECRET and value.get_secret_value():
        raise ValueError(f"{MIN_SECRET} characters or more, or nothing; it has {size}")
    return value


def header_pairs(text: str) -> dict[str, str]:
    """`name=value` pairs, comma-separated; values may be percent-encoded, as in OpenTelemetry."""
    pairs = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, separator, value = part.partition("=")
        if not separator or not HEADER_NAME.fullmatch(name.strip()):
            raise ValueError("name=value pairs, comma-separated, such as x-api-key=secret")
        decoded = unquote(value.strip())
        if not HEADER_VALUE.fullmatch(decoded):
            raise ValueError(f"a value of {name.strip()} that can be sent as a header")
        pairs[name.strip().lower()] = decoded
    return pairs


def header_list(value: SecretStr) -> SecretStr:
    header_pairs(value.get_secret_value())
    return value


def hours(value: str) -> str:
    service_hours(value)
    return value.strip()


def cron(value: str) -> str:
    backup_times(value)
    return value.strip()


def age_recipients(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", value) for value in values):
        raise ValueError("public keys of age, such as age1 and 58 letters and digits")
    return values


def bucket_url(value: str) -> str:
    if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./=-]*)?", value):
        raise ValueError("s3://bucket or s3://bucket/prefix, or nothing")
    return value.rstrip("/")


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(as_networks)]
Rate = Annotated[str, AfterValidator(rate)]
APIKeys = Annotated[SecretStr, AfterValidator(api_keys)]
Secret = Annotated[SecretStr, AfterValidator(secret)]
HeaderList = Annotated[SecretStr, AfterValidator(header_list)]
AgeRecipients = Annotated[Names, AfterValidator(age_recipients)]
BucketURL = Annotated[str, AfterValidator(bucket_url)]
Cron = Annotated[str, AfterValidator(cron)]
DatabaseURL = Annotated[SecretStr, AfterValidator(database_url)]
AllowedOrigins = Annotated[Names, AfterValidator(origins)]
ServiceHoursText = Annotated[str, AfterValidator(hours)]
URL = Annotated[str, AfterValidator(http_url)]
EngineURLs = Annotated[Names, AfterValidator(engine_urls)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
