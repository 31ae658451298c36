"""An engine that takes text only is found out at the start, and gets readings for pictures."""

import json
from pathlib import Path

import pytest
import requests

from tests.support.screens import picture_message, screen
from tests.support.servers import running, running_gateway, running_lite, wait_for, wait_until


@pytest.mark.parametrize("blind", [False, True])
def test_a_picture_goes_to_an_engine_that_sees_and_its_reading_to_one_that_does_not(
    tmp_path: Path, blind: bool
) -> None:
    with (
        running("tests.support.fake_engine", {"BLIND": str(int(blind))}) as engine,
        running_lite() as lite,
        running_gateway(
            engine.url,
            tmp_path,
            ENGINE="cpu",
            ENGINE_SEES="",
            READER_URL=lite.url,
            READER_TIMEOUT="20",
        ) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        wait_until(lambda: "engine_sight" in gateway.log.read_text(), 10)
        for model in ("sightdesk", "fake-vl"):
            body = {
                "model": model,
                "messages": [picture_message("what is it", screen("order"))],
                "stream": False,
            }
            answer = requests.post(gateway.url + "/v1/chat/completions", json=body, timeout=60)
            assert answer.status_code == 200
            sent = requests.get(engine.url + "/state", timeout=5).json()["bodies"][-1]
            told = json.dumps(sent["messages"])
            assert ("image_url" in told) is not blind
            assert ("<reading>" in told) is (blind or model == "sightdesk")
