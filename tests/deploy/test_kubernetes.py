"""The manifests: what Kubernetes' own schemas allow, and what a rolling update needs of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from kamhub.platform.settings import Settings

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
FILES = sorted(FOLDER.rglob("*.yaml"))
OBJECTS: list[dict[str, Any]] = [
    each for file in FILES if file.name != "kustomization.yaml" for each in yaml.safe_load_all(file.read_text())
]
WORKLOADS = [each for each in OBJECTS if each["kind"] in {"Deployment", "Job"}]
DEPLOYMENTS = [each for each in OBJECTS if each["kind"] == "Deployment"]
_KNOWN = {f"KAMHUB_{name.upper()}" for name in Settings.model_fields}


def name_of(each: dict[str, Any]) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"


def container_of(workload: dict[str, Any]) -> dict[str, Any]:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_every_object_is_what_kubernetes_takes(version: str) -> None:
    for each in OBJECTS:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_schema_sees_a_wrong_word() -> None:
    wrong = DEPLOYMENTS[0] | {"spec": DEPLOYMENTS[0]["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.31", strict=True)


def test_every_file_is_part_of_something() -> None:
    for file in FOLDER.rglob("kustomization.yaml"):
        named = set(yaml.safe_load(file.read_text())["resources"])
        assert named == {other.name for other in file.parent.glob("*.yaml")} - {"kustomization.yaml"}


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_no_process_may_more_than_needed(workload: dict[str, Any]) -> None:
    pod, container = workload["spec"]["template"]["spec"], container_of(workload)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=name_of)
def test_it_is_replaced_without_a_gap(deployment: dict[str, Any]) -> None:
    spec, container = deployment["spec"], container_of(deployment)
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    for kind in ("PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert [each for each in OBJECTS if name_of(each) == f"{kind}/{deployment['metadata']['name']}"], kind
    environment = {each["name"]: each["value"] for each in container.get("env", ())}
    drain = float(environment.get("KAMHUB_DRAIN_SECONDS", 0))
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > drain + 15
    probe = container["readinessProbe"]
    if probe["httpGet"]["path"] == "/health/ready":
        assert drain > probe["periodSeconds"] * probe["failureThreshold"]


def test_liveness_does_not_ask_for_the_database() -> None:
    web = next(each for each in DEPLOYMENTS if each["metadata"]["name"] == "kamhub-web")
    assert container_of(web)["livenessProbe"]["httpGet"]["path"] == "/health"


def test_the_network_is_shut_but_for_what_is_named() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in OBJECTS if each["kind"] == "NetworkPolicy"}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert set(policies) == {"nobody", "into-web", "into-worker", "out"}


def test_settings_are_known_and_complete() -> None:
    (settings,) = [each["data"] for each in OBJECTS if each["kind"] == "ConfigMap"]
    secrets = set(re.findall(r"^#? ?(KAMHUB_\w+)=", (FOLDER / "secrets.env.example").read_text(), re.MULTILINE))
    own = {each["name"] for workload in WORKLOADS for each in container_of(workload).get("env", ())}
    assert set(settings) | secrets | own <= _KNOWN
    assert {"KAMHUB_SECRET_KEY", "KAMHUB_DATABASE_URL", "KAMHUB_REDIS_URL", "KAMHUB_SMTP_URL"} <= secrets
    assert not {name for name in settings if re.search(r"KEY|TOKEN|PASSWORD|_URL$", name)} - {"KAMHUB_PUBLIC_URL"}
