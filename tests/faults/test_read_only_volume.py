"""The volume of DATA_DIR becomes read-only, as a file system does after an error of its disk."""

import os
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, NOT_KEPT, answers_kept, asking, people
from tests.support.nginx import nginx_before
from tests.support.pictures import encoded
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert
from tests.support.servers import Running, free_port, running_gateway, wait_for
from tests.support.volume import Volume, run

pytestmark = [
    pytest.mark.calm,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system: needs root"),
]


def test_answers_go_on_and_are_not_kept_until_the_volume_is_mended(
    engine: Running, volume: Volume, tmp_path: Path, tell: Tell
) -> None:
    port = free_port()
    settings = {**GATEWAY, "PORT": str(port)}
    front = tmp_path / "front"
    front.mkdir()
    watch = tmp_path / "watch"
    watch.mkdir()
    url = f"http://127.0.0.1:{port}"
    config = quick_config(watch, {"gateway": [f"127.0.0.1:{port}"]})
    with running_gateway(engine.url, volume.folder, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        with (
            nginx_before(url, front, **NGINX) as desk,
            running_prometheus(config) as prometheus,
            asking(desk, people()) as crowd,
        ):
            crowd.all_saw(ANSWERED)
            answered = sum(one.what == ANSWERED for one in list(crowd.seen))
            os.sync()  # else the disk has not got what the kernel writes half a minute later
            volume.breaks()
            crowd.breaks()
            crowd.saw(NOT_KEPT)
            seen_by_alert(prometheus, "DatabaseDown")
            picture = {"file": ("a.png", encoded("PNG"))}
            me = ("agent", "desk")
            refused = requests.post(f"{desk}/api/files", files=picture, auth=me, timeout=30)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "upstream_unavailable"
            crowd.all_saw(NOT_KEPT)
            tell("read-only volume", crowd)
            assert set(crowd.report()) <= {ANSWERED, NOT_KEPT}
    volume.unmount()
    volume.mount()
    assert answers_kept(volume.folder) >= answered > 10
    with running_gateway(engine.url, volume.folder, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        second = tmp_path / "second"
        second.mkdir()
        with nginx_before(url, second, **NGINX) as desk, asking(desk, people()) as crowd:
            crowd.all_saw(ANSWERED)


def test_a_gateway_on_a_read_only_volume_says_so_in_one_line(
    engine: Running, volume: Volume
) -> None:
    run("mount", "-o", "remount,ro", volume.folder)
    with (
        pytest.raises(RuntimeError, match="ended with 2") as told,
        running_gateway(engine.url, volume.folder, **GATEWAY),
    ):
        pass
    assert f"cannot be opened: nothing can be written into {volume.folder}\n" in str(told.value)
