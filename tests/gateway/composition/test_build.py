"""The composition root builds each part once and hands it on."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.composition import build
from gateway.settings import load_settings


def test_the_keys_and_the_signing_secret_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()

    def counted(name: str) -> None:
        original: Any = getattr(build, name)

        def reading(*given: Any) -> Any:
            read[name] += 1
            return original(*given)

        monkeypatch.setattr(build, name, reading)

    counted("APIKeyStore")
    counted("load_secret")
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/desk.db")
    services = build.build_services(settings)
    services.storage.database.close()
    assert read == {"APIKeyStore": 1, "load_secret": 1}
