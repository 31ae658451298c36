"""A server that answers helm as Kubernetes' API does, and has one Secret."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.threaded_server import serving

Answers = dict[str, dict[str, Any]]
# Kinds that the chart makes without values, by group and version.
KINDS = {
    "v1": ("Secret", "ConfigMap", "Service", "PersistentVolumeClaim"),
    "apps/v1": ("Deployment",),
    "policy/v1": ("PodDisruptionBudget",),
    "networking.k8s.io/v1": ("NetworkPolicy",),
}


@contextmanager
def cluster_with_secret(folder: Path, name: str, values: dict[str, str]) -> Iterator[Path]:
    """A cluster whose namespace `shop` has the Secret `name` alone. Yields its kubeconfig."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": metadata(name), "data": data}
    answers = {**discovery(), f"/api/v1/namespaces/shop/secrets/{name}": secret}
    with serving(handler_of(answers)) as url:
        yield written_kubeconfig(folder, url)


def metadata(name: str) -> dict[str, Any]:
    """As the release `desk` has made it."""
    release = {"meta.helm.sh/release-name": "desk", "meta.helm.sh/release-namespace": "shop"}
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    return {"name": name, "namespace": "shop", "annotations": release, "labels": labels}


def discovery() -> Answers:
    """What helm asks before it looks anything up: the kinds that the cluster knows."""
    answers: Answers = {
        "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
    }
    groups = []
    for version, kinds in KINDS.items():
        group, slash, _ = version.rpartition("/")
        if slash:
            preferred = {"groupVersion": version, "version": "v1"}
            groups.append({"name": group, "versions": [preferred], "preferredVersion": preferred})
        answers[f"/apis/{version}" if slash else f"/api/{version}"] = resources(version, kinds)
    return {**answers, "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}}


def resources(version: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    plurals = {
        kind: kind.lower().removesuffix("y") + ("ies" if kind.endswith("y") else "s")
        for kind in kinds
    }
    return {
        "kind": "APIResourceList",
        "groupVersion": version,
        "resources": [
            {"name": plural, "kind": kind, "namespaced": True, "verbs": ["get", "list"]}
            for kind, plural in plurals.items()
        ],
    }


def handler_of(answers: Answers) -> type[BaseHTTPRequestHandler]:
    missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            body = json.dumps(found or {**missing, "code": 404}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def written_kubeconfig(folder: Path, url: str) -> Path:
    path = folder / "kubeconfig"
    context = {"name": "test", "context": {"cluster": "test", "user": "", "namespace": "shop"}}
    clusters = [{"name": "test", "cluster": {"server": url}}]
    path.write_text(
        json.dumps({"clusters": clusters, "contexts": [context], "current-context": "test"})
    )
    return path
