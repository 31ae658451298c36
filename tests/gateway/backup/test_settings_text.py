"""Which settings are secrets, and how those of a backup come into an .env."""

import pytest

from gateway.backup.settings_text import is_secret, left_out, merged, parsed, rendered
from gateway.settings import SECRETS, Settings
from scripts.env_example import OTHERS


def test_every_secret_of_the_gateway_is_known_as_one() -> None:
    assert [name for name in SECRETS if not is_secret(name.upper(), "x")] == []


def test_no_other_setting_is_taken_for_a_secret() -> None:
    plain = {name.upper() for name in Settings.model_fields if name not in SECRETS}
    plain |= {name for name, _, _ in OTHERS if not name.endswith(("_PASSWORD", "_TOKEN"))}
    plain -= {"ALERT_WEBHOOK_URL", "DEADMAN_URL"}  # who knows them may send alerts
    assert [name for name in plain if is_secret(name, "1")] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_STORAGE", "redis://:hidden@redis:6379/0"),
        ("EMBEDDING_URL", "https://user:hidden@host/v1"),
        ("CONNECTOR_BOT_URL", "https://open.example.com/hook/hidden"),
        ("POSTGRES_PASSWORD", "hidden"),
        ("ALERT_WEBHOOK_URL", "https://alerts.example.com/hidden"),
        ("HF_TOKEN", "hidden"),
    ],
)
def test_values_that_hold_a_secret_are_left_out_and_named(name: str, value: str) -> None:
    text = rendered({"ENGINE": "lite", name: value}, with_secrets=False)
    assert "hidden" not in text
    assert (parsed(text), left_out(text)) == ({"ENGINE": "lite"}, [name])
    assert parsed(rendered({name: value}, with_secrets=True)) == {name: value}


@pytest.mark.parametrize("with_secrets", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKUP_AGE_IDENTITY", "data/key.txt"),
        ("BACKUP_AGE_IDENTITY", "AGE-SECRET-KEY-1QQPQ"),
        ("IDENTITY", "'AGE-SECRET-KEY-1QQPQ'"),
    ],
)
def test_the_key_that_opens_backups_is_in_none(name: str, value: str, with_secrets: bool) -> None:
    assert is_secret(name, value)
    text = rendered({"ENGINE": "lite", name: value}, with_secrets=with_secrets)
    assert value not in text
    assert f"# {name} opens backups" in text
    assert (parsed(text), left_out(text)) == ({"ENGINE": "lite"}, [])


def test_settings_are_put_into_their_lines_and_secrets_stay() -> None:
    current = "# help\nENGINE=gpu\n# PORT=8000\nPROXY_SECRET=new\n"
    assert merged(current, {"ENGINE": "lite", "PORT": "9000"}) == (
        "# help\nENGINE=lite\n# PORT=8000\nPROXY_SECRET=new\nPORT=9000\n"
    )
