"""What matters of the rendered chart, as one small file for each example in golden/.

A change of the chart shows there, in words that a reader compares at once. To renew them:
`.venv/bin/python -m tests.helm.goldens`, then read the difference.
"""

from pathlib import Path
from typing import Any

import yaml

from tests.helm.conftest import VALUES, Manifest, rendered

FOLDER = Path(__file__).parent / "golden"
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
COMPONENT = "app.kubernetes.io/component"
HEAD = "# Made by tests/helm/goldens.py from {}; do not edit.\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.yaml"):
        old.unlink()
    for values in VALUES:
        path_of(values).write_text(text_of(values), "utf-8")


def path_of(values: str | None) -> Path:
    return FOLDER / (values or "defaults.yaml")


def text_of(values: str | None) -> str:
    source = f"deploy/helm/examples/{values}" if values else "the chart's defaults"
    told: str = yaml.safe_dump(
        digest(rendered(values)), sort_keys=False, default_flow_style=False, width=1000
    )
    return HEAD.format(source) + told


def digest(manifests: list[Manifest]) -> dict[str, Any]:
    """{part of the golden file: what it says}, without parts that have nothing to say."""
    found = {
        "pods": {f"{one['kind']} {short(one)}": pod(one) for one in manifests if has_pod(one)},
        "network": {part(one): policy(one["spec"]) for one in of(manifests, "NetworkPolicy")},
        "disruption": {
            part(one): f"at most {one['spec']['maxUnavailable']} away"
            for one in of(manifests, "PodDisruptionBudget")
        },
        "scaling": [scaling(one) for one in of(manifests, "HorizontalPodAutoscaler", "ScaledObject")],
        "services": {short(one): service(one["spec"]) for one in of(manifests, "Service")},
        "entrance": [entrance(one) for one in of(manifests, "Ingress", "HTTPRoute")],
        "volumes": {
            short(one): f"{one['spec']['resources']['requests']['storage']} "
            f"{' '.join(one['spec']['accessModes'])}"
            for one in of(manifests, "PersistentVolumeClaim")
        },
        "watched": sorted(part(one) for one in of(manifests, "ServiceMonitor")),
        "settings": next(
            one["data"] for one in of(manifests, "ConfigMap") if short(one) == "gateway"
        ),
    }  # fmt: skip
    return {name: told for name, told in found.items() if told}


def of(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] in kinds]


def has_pod(manifest: Manifest) -> bool:
    return manifest["kind"] in ("Deployment", "StatefulSet", "Job")


def short(manifest: Manifest) -> str:
    """The name without the release's prefix; nginx's service has nothing behind it."""
    name = str(manifest["metadata"]["name"]).removeprefix("desk-sightdesk")
    return name.removeprefix("-") or "desk"


def part(manifest: Manifest) -> str:
    return str(manifest["metadata"]["labels"][COMPONENT])


def pod(manifest: Manifest) -> dict[str, Any]:
    spec = manifest["spec"]
    inner = spec["template"]["spec"]
    (container,) = inner["containers"]
    told = {
        "replicas": spec.get("replicas"),
        "strategy": strategy(spec.get("strategy", {})),
        "hook": manifest["metadata"].get("annotations", {}).get("helm.sh/hook"),
        "image": container["image"],
        "rights": rights(inner, container["securityContext"]),
        "resources": resources(container["resources"]),
        **{name: probe(container[name]) for name in PROBES if name in container},
        "secrets": secrets(container),
        "mounts": [mount(one, inner["volumes"]) for one in container["volumeMounts"]],
        "stops within": inner.get("terminationGracePeriodSeconds"),
    }
    return {name: value for name, value in told.items() if value not in (None, [], "")}


def strategy(given: Manifest) -> str:
    rolling = given.get("rollingUpdate", {})
    return str(given.get("type") or ", ".join(f"{key} {value}" for key, value in rolling.items()))


def rights(inner: Manifest, container: Manifest) -> str:
    security = inner["securityContext"]
    said = [
        f"user {security['runAsUser']}" if security.get("runAsNonRoot") else "may be root",
        "read-only" if container.get("readOnlyRootFilesystem") else "writable",
        "no capabilities" if container.get("capabilities") == {"drop": ["ALL"]} else "capabilities",
        "no escalation" if container.get("allowPrivilegeEscalation") is False else "escalation",
        f"seccomp {security.get('seccompProfile', {}).get('type')}",
        "no token" if inner.get("automountServiceAccountToken") is False else "a token",
    ]
    sysctls = [f"{one['name']}={one['value']}" for one in security.get("sysctls", ())]
    return ", ".join(said + sysctls)


def resources(given: Manifest) -> str:
    return "; ".join(
        f"{kind} " + ", ".join(f"{name} {amount}" for name, amount in sorted(amounts.items()))
        for kind, amounts in sorted(given.items())
    )


def probe(given: Manifest) -> str:
    if "exec" in given:
        does = " ".join(given["exec"]["command"])
    elif "httpGet" in given:
        does = f"GET {given['httpGet']['path']} {given['httpGet']['port']}"
    else:
        does = f"connect {given['tcpSocket']['port']}"
    tries = given.get("failureThreshold", 3)
    return f"{does}; each {given['periodSeconds']} s, {tries} failures"


def secrets(container: Manifest) -> list[str]:
    """NAME (Secret), and whether it may be missing."""
    return [
        f"{one['name']} ({reference['name']}{', optional' * bool(reference.get('optional'))})"
        for one in container.get("env", ())
        if (reference := one.get("valueFrom", {}).get("secretKeyRef"))
    ]


def mount(given: Manifest, volumes: list[Manifest]) -> str:
    volume = next((one for one in volumes if one["name"] == given["name"]), {})
    if "persistentVolumeClaim" in volume:
        source = f"claim {volume['persistentVolumeClaim']['claimName']}"
    elif "configMap" in volume:
        source = f"config {volume['configMap']['name']}"
    elif "emptyDir" in volume:
        source = " ".join(["empty", *map(str, volume["emptyDir"].values())])
    else:
        source = "a claim of its own"
    return f"{given['mountPath']}: {source}" + ", read-only" * bool(given.get("readOnly"))


def policy(spec: Manifest) -> dict[str, list[str]]:
    return {
        "in": [f"{peers(rule.get('from'))}: {ports(rule)}" for rule in spec["ingress"] or ()],
        "out": [f"{peers(rule.get('to'))}: {ports(rule)}" for rule in spec["egress"] or ()],
    }


def peers(given: list[Manifest] | None) -> str:
    return ", ".join(map(peer, given)) if given else "everyone"


def peer(given: Manifest) -> str:
    if "podSelector" in given:
        return str(given["podSelector"]["matchLabels"][COMPONENT])
    if "ipBlock" in given:
        return str(given["ipBlock"]["cidr"])
    return "namespace " + " ".join(given["namespaceSelector"]["matchLabels"].values())


def ports(rule: Manifest) -> str:
    return " ".join(
        f"{one['port']}{'/' + one['protocol'] if 'protocol' in one else ''}"
        for one in rule.get("ports", ())
    ) or "every port"  # fmt: skip


def scaling(manifest: Manifest) -> dict[str, Any]:
    spec = manifest["spec"]
    if manifest["kind"] == "ScaledObject":
        bounds = f"{spec['minReplicaCount']} to {spec['maxReplicaCount']}"
        triggers = [one["metadata"] for one in spec["triggers"]]
        by = [f"{one['query']} above {one['threshold']}" for one in triggers]
    else:
        bounds = f"{spec['minReplicas']} to {spec['maxReplicas']}"
        measured = [one["resource"] for one in spec["metrics"]]
        by = [f"{one['name']} above {one['target']['averageUtilization']} %" for one in measured]
    target = spec["scaleTargetRef"]["name"].removeprefix("desk-sightdesk-")
    return {"kind": manifest["kind"], "of": target, "replicas": bounds, "by": by}


def service(spec: Manifest) -> str:
    kind = "headless" if spec.get("clusterIP") == "None" else spec.get("type", "ClusterIP")
    behind = spec["selector"][COMPONENT]
    return f"{kind}, {' '.join(str(one['port']) for one in spec['ports'])} to {behind}"


def entrance(manifest: Manifest) -> str:
    spec = manifest["spec"]
    hosts = spec.get("hostnames") or [one["host"] for one in spec["rules"]]
    secret = [one["secretName"] for one in spec.get("tls", ())]
    return " ".join([manifest["kind"], *hosts, *(f"TLS by {one}" for one in secret)])


if __name__ == "__main__":
    main()
