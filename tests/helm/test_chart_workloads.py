"""What Kubernetes would run: which kind by store, how many at most, with which rights, probes and patience."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from chart import CASES, ROOT, component_of, container, environment, manifests, one, pod, pods, refusal, values_of
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from cli.main import main
from cli.worker import LEAVE_SECONDS
from local.ports import free_port
from streams.metrics.page import PATHS, Page

ROLES = ("worker", "dispatcher", "learner")
SCALED = ("worker", "dispatcher")
"""Those of which there are several."""


def test_with_rocks_a_worker_has_a_volume_of_its_own_where_it_keeps_its_records() -> None:
    found = manifests(*values_of("full"))
    workload = one(found, "StatefulSet", "worker")
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "100Gi"
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert workload["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}
    template = workload["spec"]["template"]
    mounts = {each["name"]: each["mountPath"] for each in container(template)["volumeMounts"]}
    told = environment(found, "worker")
    assert mounts[claim["metadata"]["name"]] == told["SILLAGE_DATA"]
    assert told["SILLAGE_STORE"] == "rocks"
    assert claim["metadata"]["name"] not in {each["name"] for each in template["spec"]["volumes"]}
    assert workload["spec"]["serviceName"] == one(found, "Service", "worker")["metadata"]["name"]


def test_with_memory_a_worker_is_a_deployment_without_volumes() -> None:
    found = manifests("--set", "settings.store=memory,worker.persistence.enabled=false")
    assert not [each for each in found if each["kind"] == "StatefulSet"]
    workload = one(found, "Deployment", "worker")
    assert all("emptyDir" in each for each in workload["spec"]["template"]["spec"]["volumes"])
    assert environment(found, "worker")["SILLAGE_STORE"] == "memory"


@pytest.mark.parametrize("case", CASES)
def test_all_that_is_written_lies_on_a_volume(case: str) -> None:
    """The root file system is read-only, so the folder of data and that of temporary files are mounted."""
    found = manifests(*values_of(case))
    for role in ROLES:
        mounts = {each["mountPath"] for each in container(pod(found, role))["volumeMounts"] if not each.get("readOnly")}
        assert mounts == {environment(found, role)["SILLAGE_DATA"], "/tmp"}


@pytest.mark.parametrize("case", CASES)
def test_what_is_mounted_is_a_volume_of_the_pod_or_a_claim(case: str) -> None:
    for each in manifests(*values_of(case)):
        if each["kind"] in {"StatefulSet", "Deployment", "Job"}:
            template = each["spec"]["template"]
            claims = [claim["metadata"]["name"] for claim in each["spec"].get("volumeClaimTemplates", [])]
            volumes = [volume["name"] for volume in template["spec"]["volumes"]]
            assert sorted([*claims, *volumes]) == sorted(mount["name"] for mount in container(template)["volumeMounts"])


@pytest.mark.parametrize("case", CASES)
def test_no_pod_has_a_right_that_it_does_not_need(case: str) -> None:
    for component, template in pods(manifests(*values_of(case))):
        spec, security = template["spec"], container(template)["securityContext"]
        assert spec["securityContext"]["runAsNonRoot"] is True, component
        assert spec["securityContext"]["runAsUser"] >= 1000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert spec["automountServiceAccountToken"] is False
        assert container(template)["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("case", CASES)
def test_no_service_of_the_namespace_becomes_a_setting(case: str) -> None:
    """A Service `sillage-metrics` would set SILLAGE_METRICS_PORT to tcp://..., which is no port."""
    assert all(template["spec"]["enableServiceLinks"] is False for _, template in pods(manifests(*values_of(case))))


@pytest.mark.parametrize("case", CASES)
def test_arguments_are_commands(case: str) -> None:
    for component, template in pods(manifests(*values_of(case))):
        (args,) = [container(template)["args"]]
        assert CliRunner().invoke(main, [*args, "--help"]).exit_code == 0, component


@pytest.fixture
def page() -> Iterator[tuple[Page, int]]:
    port = free_port()
    opened = Page(CollectorRegistry(), port)
    yield opened, port
    opened.close()


def answered(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


@pytest.mark.parametrize("role", ROLES)
def test_a_recovery_ends_no_pod_and_only_keeps_it_from_being_ready(role: str, page: tuple[Page, int]) -> None:
    """Asks the page of a process what the probes ask, while partitions are taken over and after."""
    opened, port = page
    runs = container(pod(manifests(), role))
    probes = {name: runs[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert set(probes.values()) <= set(PATHS)
    opened.waits_for = lambda: "not every partition given is taken over"
    assert {name: answered(port, path) for name, path in probes.items()} == {
        "startup": 200,
        "liveness": 200,
        "readiness": 503,
    }
    opened.waits_for = lambda: ""
    assert answered(port, probes["readiness"]) == 200


@pytest.mark.parametrize("role", ROLES)
def test_probes_ask_at_the_port_where_the_page_is(role: str) -> None:
    found = manifests("--set", "settings.metrics_port=9999")
    runs = container(pod(found, role))
    (port,) = runs["ports"]
    assert {runs[f"{name}Probe"]["httpGet"]["port"] for name in ("startup", "liveness", "readiness")} == {port["name"]}
    assert str(port["containerPort"]) == environment(found, role)["SILLAGE_METRICS_PORT"] == "9999"


def test_patience_of_the_probes_is_what_was_asked_for() -> None:
    runs = container(pod(manifests("--set", "probes.startupSeconds=600"), "worker"))
    lasts = {
        name: runs[f"{name}Probe"]["periodSeconds"] * runs[f"{name}Probe"]["failureThreshold"]
        for name in ("startup", "liveness", "readiness")
    }
    assert lasts == {"startup": 600, "liveness": 60, "readiness": 15}


def test_a_deployment_does_not_give_a_recovery_up() -> None:
    found = manifests("--set", "settings.store=memory,probes.recoverySeconds=7200")
    assert one(found, "Deployment", "worker")["spec"]["progressDeadlineSeconds"] == 7200


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_is_given_the_time_that_a_process_takes_to_end(role: str) -> None:
    told = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert "Give your supervisor 20 s of patience" in told
    assert pod(manifests(), role)["spec"]["terminationGracePeriodSeconds"] >= 20 > LEAVE_SECONDS
    assert "terminationGracePeriodSeconds" in refusal("--set", "terminationGracePeriodSeconds=19")


@pytest.mark.parametrize("role", SCALED)
def test_pods_spread_and_are_drained_one_at_a_time(role: str) -> None:
    found = manifests()
    labels = pod(found, role)["metadata"]["labels"]
    spread = pod(found, role)["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    budget = one(found, "PodDisruptionBudget", role)["spec"]
    assert budget["maxUnavailable"] == 1
    for selector in (budget["selector"], *(each["labelSelector"] for each in spread)):
        assert selector["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("case", CASES)
def test_selectors_find_their_own_pods_and_no_others(case: str) -> None:
    found = manifests(*values_of(case))
    labels = {container(template)["name"]: template["metadata"]["labels"] for _, template in pods(found)}
    for each in found:
        spec = each.get("spec", {})
        chosen = spec.get("podSelector") or spec.get("selector") or {}
        if each["kind"] in {"StatefulSet", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "Service"}:
            wanted = chosen.get("matchLabels", chosen).items()
            own = component_of(each)
            assert [name for name, has in labels.items() if wanted <= has.items()] == [own]


def test_the_migration_runs_before_anything_changes_and_needs_nothing_of_the_release() -> None:
    found = manifests()
    job = one(found, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    spec = job["spec"]["template"]["spec"]
    assert container(job["spec"]["template"])["args"] == ["topics", "--migrate"]
    assert "envFrom" not in container(job["spec"]["template"])
    assert "serviceAccountName" not in spec
    assert environment(found, "migration") == environment(found, "worker")
    assert not [each for each in manifests("--set", "migration.enabled=false") if each["kind"] == "Job"]


@pytest.mark.parametrize("role", SCALED)
def test_there_are_never_more_than_partitions(role: str) -> None:
    found = manifests("--set", f"settings.partitions=12,{role}.autoscaling.enabled=true")
    scaled = one(found, "ScaledObject", role)["spec"]
    assert scaled["maxReplicaCount"] == 12
    reason = refusal("--set", f"settings.partitions=12,{role}.autoscaling.maxReplicas=13")
    assert f"{role}.autoscaling.maxReplicas=13: more than settings.partitions=12" in reason
    reason = refusal("--set", f"settings.partitions=2,{role}.replicas=3")
    assert f"{role}.replicas=3: more than settings.partitions=2" in reason
    reason = refusal("--set", f"{role}.autoscaling.enabled=true,{role}.autoscaling.maxReplicas=1")
    assert f"{role}.autoscaling.minReplicas=2: more than the 1 that may run" in reason


@pytest.mark.parametrize("role", SCALED)
def test_it_scales_what_is_there_on_the_lag_of_its_group(role: str) -> None:
    found = manifests(*values_of("full"), "--set", f"settings.prefix=shop,{role}.autoscaling.cooldownSeconds=900")
    scaled = one(found, "ScaledObject", role)["spec"]
    kind = "StatefulSet" if role == "worker" else "Deployment"
    workload = one(found, kind, role)
    assert scaled["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": kind, "name": workload["metadata"]["name"]}
    assert "replicas" not in workload["spec"]
    (trigger,) = scaled["triggers"]
    assert trigger["type"] == "kafka"
    assert trigger["metadata"]["consumerGroup"] == f"shop-{role}"
    assert trigger["metadata"]["bootstrapServers"] == environment(found, role)["SILLAGE_KAFKA"]
    assert scaled["cooldownPeriod"] == 900
    down = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == 900
    assert [(each["type"], each["value"]) for each in down["policies"]] == [("Pods", 1)]


def test_with_memory_the_deployment_is_scaled() -> None:
    found = manifests("--set", "settings.store=memory,worker.autoscaling.enabled=true")
    assert one(found, "ScaledObject", "worker")["spec"]["scaleTargetRef"]["kind"] == "Deployment"


def test_the_groups_are_those_of_the_processes() -> None:
    page = Path(ROOT, "docs", "running.md").read_text(encoding="utf-8")
    assert all(f"| `PREFIX-{role}` |" in page for role in SCALED)


def test_it_never_scales_to_none() -> None:
    """Timers fall due without any event."""
    assert "minReplicas" in refusal("--set", "worker.autoscaling.minReplicas=0")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("worker.persistence.enabled=false", "settings.store=rocks: worker.persistence.enabled is false"),
        ("existingSecret.keys.redis=url", "existingSecret.name is empty; name the Secret"),
        ("settings.metrics_port=0", "metrics_port"),
        ("settings.partitions=0", "partitions"),
        ("settings.kafka=nowhere", "kafka"),
        ("settings.colour=blue", "colour"),
        ("worker.replica=3", "replica"),
        ("existingSecret.name=s,existingSecret.keys.colour=k", "colour"),
        (
            "existingSecret.name=s,existingSecret.keys.kafka=k,worker.autoscaling.enabled=true",
            "take kafka out of existingSecret.keys",
        ),
    ],
)
def test_wrong_values_are_refused_with_the_reason(values: str, reason: str) -> None:
    assert reason in refusal("--set", values)
