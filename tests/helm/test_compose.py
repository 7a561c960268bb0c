"""docker-compose.yml keeps the published schema, and what it starts is watched, unprivileged and told real settings."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from chart import ROOT, VARIABLES, seconds
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from tools import tool

from cli.worker import LEAVE_SECONDS
from local.blueprint import kafka_container
from streams.settings import Settings

FILE = ROOT / "docker-compose.yml"
DOCUMENT: Any = YAML(typ="safe").load(FILE)
SERVICES: dict[str, Any] = DOCUMENT["services"]
OURS = ("worker", "dispatcher", "learner", "serve")
LINKED = {"dispatcher", "serve"}
"""Those that seal links, and open them."""
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "compose-spec.json").read_text(encoding="utf-8"))
COMPOSE = ROOT / "helm" / "compose"
EVERY = pytest.mark.parametrize("name", SERVICES)


def told(text: str) -> str:
    """A text with the defaults in the place of variables, none of which is set."""
    return re.sub(r"\$\{\w+:(?:-([^}]*)|\+[^}]*)\}", lambda found: found[1] or "", text)


def mounts(name: str) -> dict[str, tuple[str, bool]]:
    """What lies where in a container: source by target, and whether it may be written to."""
    parts = [volume.split(":") for volume in SERVICES[name]["volumes"]]
    return {target: (source, mode != ["ro"]) for source, target, *mode in parts}


def test_it_keeps_the_schema() -> None:
    assert [fault.message for fault in Draft202012Validator(SCHEMA).iter_errors(DOCUMENT)] == []


def test_a_fault_would_be_seen() -> None:
    misspelt = {"services": {"worker": {"image": "sillage:0.1.0", "enviroment": {}}}}
    assert [fault.message for fault in Draft202012Validator(SCHEMA).iter_errors(misspelt)] != []


def test_by_itself_it_starts_what_sillage_up_needs_and_profiles_add_the_rest() -> None:
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    assert {name for name, its in profiles.items() if not its} == {"kafka", "redis", "mail"}
    assert {name for name, its in profiles.items() if its == ["app"]} == set(OURS) - {"serve"}
    assert {name for name, its in profiles.items() if its == ["serve"]} == {"serve"}
    assert {name for name, its in profiles.items() if its == ["watch"]} == {"prometheus", "grafana"}


@EVERY
def test_a_service_waits_for_those_of_its_profiles_or_of_none(name: str) -> None:
    for other in SERVICES[name].get("depends_on", {}):
        assert set(SERVICES[other].get("profiles", [])) <= set(SERVICES[name].get("profiles", []))
        assert SERVICES[name]["depends_on"][other] == {"condition": "service_healthy"}


@EVERY
def test_every_service_tells_its_health(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert seconds(check["interval"]) * check["retries"] >= 36


@EVERY
def test_no_service_is_root_or_could_become_it(name: str) -> None:
    assert re.fullmatch(r"[1-9]\d*(:\d+)?", SERVICES[name]["user"])
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in SERVICES[name]


@EVERY
def test_every_image_is_one_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", SERVICES[name]["image"])


@EVERY
def test_ports_are_open_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@EVERY
def test_it_keeps_its_data_in_a_volume_of_its_name(name: str) -> None:
    written = [source for source, writable in mounts(name).values() if writable]
    assert written == [name]
    assert name in DOCUMENT["volumes"]


@EVERY
def test_what_it_mounts_of_the_checkout_is_there_or_may_be_empty(name: str) -> None:
    filled_by_others = {"./helm/sillage/rules", "./helm/sillage/dashboards"}
    sources = {source for source, _ in mounts(name).values() if source.startswith("./")}
    assert [each for each in sources - filled_by_others if not (ROOT / each).exists()] == []


@pytest.mark.parametrize("name", OURS)
def test_ours_are_told_sound_settings_that_lead_to_the_others(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {key: told(value) for key, value in SERVICES[name]["environment"].items()}
    assert environment.keys() <= VARIABLES
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    settings = Settings()
    inside = kafka_container("127.0.0.1", "9092").environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert f"INSIDE://{settings.kafka}" in inside
    assert settings.redis.startswith("redis://redis:6379")
    assert settings.smtp == "smtp://mail:1025"
    assert {"mail", "redis", "kafka"} <= SERVICES.keys()


@pytest.mark.parametrize("name", OURS)
def test_ours_write_to_their_data_and_nowhere_else(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["tmpfs"] == ["/tmp"]
    written = [target for target, (_, writable) in mounts(name).items() if writable]
    assert written == [SERVICES[name]["environment"]["SILLAGE_DATA"]]
    assert SERVICES[name]["user"] == "10001:10001"


@pytest.mark.parametrize("name", OURS)
def test_ours_are_started_again_and_given_time_to_end(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert seconds(SERVICES[name]["stop_grace_period"]) >= 20 > LEAVE_SECONDS
    assert SERVICES[name]["command"] == [name]


def test_who_seals_links_and_who_opens_them_have_the_same_keys_and_nobody_else_has() -> None:
    told_of = {name: SERVICES[name]["environment"] for name in OURS}
    assert {name for name, environment in told_of.items() if "SILLAGE_LINKS_KEYS" in environment} == LINKED
    for name in LINKED:
        environment = told_of[name]
        (keys,) = re.findall(r"^\$\{SILLAGE_LINKS_URL:\+(/.+)\}$", environment["SILLAGE_LINKS_KEYS"])
        assert environment["SILLAGE_LINKS_URL"] == "${SILLAGE_LINKS_URL:-}"
        assert mounts(name)[str(Path(keys).parent)] == ("./helm/compose/links", False)
    assert [port.split(":")[-1] for port in SERVICES["serve"]["ports"]] == [str(Settings().serve_port)]
    assert (COMPOSE / "links" / ".gitignore").read_text(encoding="utf-8").splitlines()[1:] == ["*", "!.gitignore"]


def test_serve_can_be_told_who_calls_it_and_nobody_else_is() -> None:
    callers = {"SILLAGE_INBOUND", "SILLAGE_INBOX_KEYS", "SILLAGE_INBOX_ORIGINS"}
    told_of = {name: callers & SERVICES[name]["environment"].keys() for name in OURS}
    assert told_of == {name: callers if name == "serve" else set() for name in OURS}


def test_ours_are_of_the_version_that_is_built() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)
    assert {SERVICES[name]["image"] for name in OURS} == {f"sillage:{version}"}


def test_prometheus_reads_its_settings_and_scrapes_every_process() -> None:
    answer = subprocess.run(
        [tool("promtool"), "check", "config", str(COMPOSE / "prometheus.yml")], capture_output=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    config = YAML(typ="safe").load(COMPOSE / "prometheus.yml")
    scraped = {
        name: each["port"]
        for job in config["scrape_configs"]
        for each in job.get("dns_sd_configs", [])
        for name in each["names"]
    }
    assert scraped == {name: int(SERVICES[name]["environment"]["SILLAGE_METRICS_PORT"]) for name in OURS}
    (rules,) = config["rule_files"]
    assert mounts("prometheus")[str(Path(rules).parent)] == ("./helm/sillage/rules", False)
    command = SERVICES["prometheus"]["command"]
    assert f"--storage.tsdb.path={next(iter(mounts('prometheus')))}" in command
    (path,) = [word.removeprefix("--config.file=") for word in command if word.startswith("--config.file=")]
    assert mounts("prometheus")[path] == ("./helm/compose/prometheus.yml", False)


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    assert mounts("grafana")["/etc/grafana/provisioning"] == ("./helm/compose/grafana", False)
    (source,) = YAML(typ="safe").load(COMPOSE / "grafana/datasources/prometheus.yaml")["datasources"]
    assert (source["uid"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    (provider,) = YAML(typ="safe").load(COMPOSE / "grafana/dashboards/sillage.yaml")["providers"]
    assert mounts("grafana")[provider["options"]["path"]] == ("./helm/sillage/dashboards", False)


def test_nothing_in_it_is_a_password() -> None:
    text = FILE.read_text(encoding="utf-8").lower()
    assert re.findall(r"\w*(?:password|passwd|secret|token)\w*\s*:", text) == []
    assert re.findall(r"//[^/\s\"]*@", text) == []
