"""The volume of DATA_DIR has no room left while people ask, and then has some again."""

import os
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, NOT_KEPT, answers_kept, asking, people
from tests.support.nginx import nginx_before
from tests.support.pictures import encoded
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert, silent
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.volume import Volume

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system: needs root"),
]
UPLOAD = {"file": ("a.png", encoded("PNG"))}
ME = ("agent", "desk")


def test_answers_go_on_and_are_kept_again_once_there_is_room(
    engine: Running, volume: Volume, tmp_path: Path, tell: Tell
) -> None:
    front, watch = tmp_path / "front", tmp_path / "watch"
    front.mkdir()
    watch.mkdir()
    with running_gateway(engine.url, volume.folder, **GATEWAY) as gateway:
        wait_for(gateway.url + "/readyz")
        watched = quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        with (
            nginx_before(gateway.url, front, **NGINX) as desk,
            running_prometheus(watched) as prometheus,
            asking(desk, people()) as crowd,
        ):
            crowd.all_saw(ANSWERED)
            silent(prometheus, "DiskFull")
            rest = volume.fill()
            crowd.breaks()
            crowd.saw(NOT_KEPT)
            seen_by_alert(prometheus, "DiskFull")
            refused = requests.post(f"{desk}/api/files", files=UPLOAD, auth=ME, timeout=30)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "upstream_unavailable"
            rest.unlink()
            crowd.all_saw(ANSWERED)
            tell("full disk", crowd)
            assert set(crowd.report()) == {ANSWERED, NOT_KEPT}
            taken = requests.post(f"{desk}/api/files", files=UPLOAD, auth=ME, timeout=30)
            assert taken.status_code == 200
        answered = sum(one.what == ANSWERED for one in crowd.seen)
    assert answers_kept(volume.folder) >= answered > 10, "nothing acknowledged is lost"
