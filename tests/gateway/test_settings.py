import pytest

from gateway.settings import Settings, WrongSettings, load_settings
from scripts.env_example import render
from tests.support.paths import ROOT


def test_every_setting_has_help_and_stands_in_the_example() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert (ROOT / ".env.example").read_text("utf-8") == render()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("PORT", "99999", "65535"), ("RATE_LIMIT_IP", "often", "20/minute"),
     ("RATE_LIMIT_IP", "0/minute", "at least 1"), ("ENGINE", "tpu", "'gpu', 'cpu' or 'lite'"),
     ("ALLOWED_IPS", "10.0.0.0/99", "network"),
     ("READER_URL", "http://lite:99999x", "port from 1 to 65535"),
     ("OIDC_ISSUER", "https://id.example:70000", "port from 1 to 65535"),
     ("ENGINE_URLS", "http://inference:0", "port from 1 to 65535")],
)  # fmt: skip
def test_a_wrong_value_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as caught:
        load_settings()
    assert name in str(caught.value)
    assert value in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "staff"),
    [
        ({}, ("admin",)),
        ({"BASIC_AUTH_USER": "li"}, ("li",)),
        ({"BASIC_AUTH_USER": "li", "STAFF_USERS": ""}, ("li",)),
        ({"BASIC_AUTH_USER": "li", "STAFF_USERS": "anna,ben"}, ("anna", "ben")),
    ],
)
def test_the_first_user_is_staff_where_no_others_are_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], staff: tuple[str, ...]
) -> None:
    for name in ("BASIC_AUTH_USER", "STAFF_USERS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load_settings().staff_users == staff


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://desk:secret-7@db:5432x/desk",
        "postgresql://desk:secret-7@db:70000/desk",
        "mysql://desk:secret-7@db/desk",
        "postgresql:/desk:secret-7@db/desk",
    ],
)
def test_a_database_that_cannot_be_asked_stops_the_start_without_its_password(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(
        WrongSettings, match=r"^DATABASE_URL=\(hidden\): sqlite:///path or"
    ) as caught:
        load_settings()
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize("name", ["READER_URL", "ENGINE_URLS", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_a_password_in_a_wrong_url_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://desk:secret-7@lite:99999x")
    with pytest.raises(WrongSettings, match=rf"^{name}=\(hidden\): a URL with a port") as caught:
        load_settings()
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["postgresql://desk:p/w@db/desk", "postgres://db:5432/desk", "sqlite:///desk.db"]
)
def test_a_database_of_either_kind_is_taken(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    assert load_settings().database_url.get_secret_value() == value


def test_an_empty_reader_is_off_and_another_empty_value_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("READER_URL", "")
    monkeypatch.setenv("MODEL_NAME", "")
    settings = load_settings(engine="cpu")
    assert (settings.reader_url, settings.model_name) == ("", "Qwen3-VL-2B")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("key", "name=value pairs"),
        ("=secret-7", "name=value pairs"),
        ("x key=secret-7", "name=value pairs"),
        ("x-key=secret-7%0Ax-other: 1", "a value of x-key that can be sent"),
        ("x-key=%20secret-7", "a value of x-key that can be sent"),
        ("x-team=one,x-key=%E9%92%A5secret-7", "a value of x-key that can be sent"),
    ],
)
def test_headers_that_cannot_be_sent_stop_the_start_without_their_values(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", value)
    with pytest.raises(WrongSettings, match=r"OTEL_EXPORTER_OTLP_HEADERS=\(hidden\)") as caught:
        load_settings()
    assert expected in str(caught.value)
    assert "secret-7" not in str(caught.value)
