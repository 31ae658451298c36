"""COMPOSE_PROFILES=shared switches the gateway to PostgreSQL and Redis, by itself."""

import pytest
from sqlalchemy import make_url

from gateway.settings import WrongSettings, load_settings

SECRET = {"POSTGRES_PASSWORD": "p@ss/word", "REDIS_PASSWORD": "re-dis"}
# What docker-compose.yml sets where .env names no other servers.
IN_COMPOSE = {
    "DATABASE_URL": "sqlite:////data/sightdesk.db",
    "RATE_LIMIT_STORAGE": "memory://",
    **SECRET,
}


def given(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in {**IN_COMPOSE, **settings}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("profiles", ["shared", "monitoring, shared", "shared,scale", "*"])
def test_the_profile_shared_means_its_servers(
    monkeypatch: pytest.MonkeyPatch, profiles: str
) -> None:
    given(monkeypatch, COMPOSE_PROFILES=profiles)
    settings = load_settings()
    url = make_url(settings.database_url.get_secret_value())
    assert (url.host, url.username, url.database) == ("postgres", "sightdesk", "sightdesk")
    assert url.password == SECRET["POSTGRES_PASSWORD"]
    assert settings.rate_limit_storage == "redis://:re-dis@redis:6379/0"


@pytest.mark.parametrize("profiles", ["", "monitoring", "sharedx"])
def test_without_it_nothing_changes(monkeypatch: pytest.MonkeyPatch, profiles: str) -> None:
    given(monkeypatch, COMPOSE_PROFILES=profiles)
    settings = load_settings()
    assert settings.database_url.get_secret_value() == "sqlite:////data/sightdesk.db"
    assert settings.rate_limit_storage == "memory://"


def test_other_servers_that_are_named_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"DATABASE_URL": "postgresql://a:b@db/c", "RATE_LIMIT_STORAGE": "redis://cache:6379/1"}
    given(monkeypatch, COMPOSE_PROFILES="shared,scale", **own)
    settings = load_settings()
    assert settings.database_url.get_secret_value() == own["DATABASE_URL"]
    assert settings.rate_limit_storage == own["RATE_LIMIT_STORAGE"]


def test_several_gateways_on_one_file_are_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, COMPOSE_PROFILES="scale")
    with pytest.raises(WrongSettings, match="several gateways need the profile shared") as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    given(monkeypatch, COMPOSE_PROFILES="scale", DATABASE_URL="postgresql://a:b@db/c")
    with pytest.raises(WrongSettings):  # limits in memory would hold once for each gateway
        load_settings()


@pytest.mark.parametrize("wrong", ["re:dis", "a@b", "a/b", "a%20b", "pä"])
def test_a_password_that_redis_would_not_get_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    given(monkeypatch, COMPOSE_PROFILES="shared", REDIS_PASSWORD=wrong)
    with pytest.raises(WrongSettings, match="letters, digits") as caught:
        load_settings()
    assert wrong not in str(caught.value)
