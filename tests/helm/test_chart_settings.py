"""What the chart tells processes: real settings, each changeable, no secret in plain text, and old pods replaced."""

from collections.abc import Iterator
from typing import Any

import pytest
from chart import CASES, VARIABLES, container, environment, manifests, pod, pods, refusal, values_of

from streams.settings import Settings

# Every setting with values that change it, and what the processes are then told.
CHANGES: dict[str, tuple[str, Any]] = {
    "kafka": ("settings.kafka=a:1\\,b:2", "a:1,b:2"),
    "kafka_security": ("settings.kafka_security=ssl", "ssl"),
    "kafka_mechanism": ("settings.kafka_mechanism=PLAIN", "PLAIN"),
    "kafka_user": ("settings.kafka_user=ada", "ada"),
    "kafka_password": (
        "existingSecret.name=s,existingSecret.keys.kafka_password=p",
        {"secretKeyRef": {"name": "s", "key": "p"}},
    ),
    "kafka_token_url": ("settings.kafka_token_url=https://login/token", "https://login/token"),
    "kafka_token_scope": ("settings.kafka_token_scope=kafka", "kafka"),
    "kafka_password_file": ("files.kafka_password_file.secretName=s", "/etc/sillage/kafka_password_file/password"),
    "kafka_ca": ("files.kafka_ca.secretName=s", "/etc/sillage/kafka_ca/ca.crt"),
    "kafka_cert": ("files.kafka_cert.secretName=s", "/etc/sillage/kafka_cert/tls.crt"),
    "kafka_key": ("files.kafka_key.secretName=s", "/etc/sillage/kafka_key/tls.key"),
    "redis_password_file": ("files.redis_password_file.secretName=s", "/etc/sillage/redis_password_file/password"),
    "redis_ca": ("files.redis_ca.secretName=s", "/etc/sillage/redis_ca/ca.crt"),
    "redis_cert": ("files.redis_cert.secretName=s", "/etc/sillage/redis_cert/tls.crt"),
    "redis_key": ("files.redis_key.secretName=s", "/etc/sillage/redis_key/tls.key"),
    "smtp_password_file": ("files.smtp_password_file.secretName=s", "/etc/sillage/smtp_password_file/password"),
    "metrics_host": ("settings.metrics_host=::1", "::1"),
    "redis": ("settings.redis=rediss://cache:6380/1", "rediss://cache:6380/1"),
    "smtp": ("settings.smtp=smtps://post", "smtps://post"),
    "prefix": ("settings.prefix=shop", "shop"),
    "partitions": ("settings.partitions=1024", "1024"),
    "replication": ("settings.replication=1", "1"),
    "channels": ("settings.channels=web\\,app", "web,app"),
    "context": ("settings.context=stock\\,beds", "stock,beds"),
    "clock": ("settings.clock=event", "event"),
    "start": ("settings.start=earliest", "earliest"),
    "session_seconds": ("settings.session_seconds=30", "30"),
    "trace": ("settings.trace=all", "all"),
    "log": ("settings.log=text", "text"),
    "log_level": ("settings.log_level=debug", "debug"),
    "log_key": (
        "existingSecret.name=s,existingSecret.keys.log_key=k",
        {"secretKeyRef": {"name": "s", "key": "k"}},
    ),
    "traces": ("settings.traces=http://collector:4318", "http://collector:4318"),
    "traces_ratio": ("settings.traces_ratio=0.5", "0.5"),
    "store": ("settings.store=memory", "memory"),
    "sender": ("settings.sender=Shop <hello@shop.example>", "Shop <hello@shop.example>"),
    "push": ("files.push.secretName=push", "/etc/sillage/push/account.json"),
    "limits": ('settings.limits=\\{"sms":\\{"parallel":5\\}\\}', '{"sms":{"parallel":5}}'),
    "push_url": ("settings.push_url=http://push:80", "http://push:80"),
    "webhooks": ("files.webhooks.secretName=hooks", "/etc/sillage/webhooks/webhooks.json"),
    "sms": ("files.sms.secretName=sms", "/etc/sillage/sms/sms.json"),
    "whatsapp": ("files.whatsapp.secretName=w", "/etc/sillage/whatsapp/whatsapp.json"),
    "crm": ("files.crm.secretName=c", "/etc/sillage/crm/crm.json"),
    "postal": ("postal.claimName=letters", "/var/lib/letters"),
    "inbox_size": ("settings.inbox_size=0", "0"),
    "inbox_days": ("settings.inbox_days=7", "7"),
    "inbox_keys": ("files.inbox_keys.secretName=i", "/etc/sillage/inbox_keys/inbox.json"),
    "inbox_origins": ("settings.inbox_origins=https://shop.example", "https://shop.example"),
    "webpush": ("files.webpush.secretName=w", "/etc/sillage/webpush/webpush.json"),
    "apprise": ("files.apprise.secretName=a", "/etc/sillage/apprise/apprise.json"),
    "dkim": ("files.dkim.secretName=d", "/etc/sillage/dkim/dkim.json"),
    "smtp_ca": ("files.smtp_ca.secretName=s", "/etc/sillage/smtp_ca/ca.crt"),
    "service_secrets": ("files.service_secrets.secretName=s", "/etc/sillage/service_secrets/secrets.json"),
    "links_url": ("settings.links_url=https://mail.shop.example", "https://mail.shop.example"),
    "links_keys": ("files.links_keys.secretName=s", "/etc/sillage/links_keys/keys.json"),
    "inbound": ("files.inbound.secretName=i", "/etc/sillage/inbound/inbound.json"),
    "serve_port": ("settings.serve_port=8081", "8081"),
    "serve_host": ("settings.serve_host=127.0.0.1", "127.0.0.1"),
    "metrics_port": ("settings.metrics_port=65535", "65535"),
    "learn_seconds": ("settings.learn_seconds=5", "5"),
    "learn_days": ("settings.learn_days=0.5", "0.5"),
    "data": ("settings.data=/data", "/data"),
}
WORD = "hunter2"
ROLES = ("worker", "dispatcher", "learner", "migration")
SERVES = ("--set", "serve.enabled=true,settings.links_url=https://links.shop.example,files.links_keys.secretName=k")


def test_every_setting_can_be_set() -> None:
    assert CHANGES.keys() == Settings.model_fields.keys()


@pytest.mark.parametrize("setting", CHANGES)
def test_a_value_changes_what_processes_are_told(setting: str) -> None:
    value, told = CHANGES[setting]
    variable = f"SILLAGE_{setting.upper()}"
    role, given = ("serve", SERVES) if setting in ("inbound", "inbox_keys") else ("dispatcher", ())
    assert environment(manifests(*given), role).get(variable) != told
    assert environment(manifests(*given, "--set", value), role)[variable] == told


@pytest.mark.parametrize("case", CASES)
def test_every_variable_is_a_setting_and_they_make_sound_settings(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = manifests(*values_of(case))
    for component, _ in pods(found):
        told = environment(found, component)
        assert {name for name in told if name.startswith("SILLAGE_")} == told.keys() <= VARIABLES
        with monkeypatch.context() as process:
            for name, value in told.items():
                # Files are where Kubernetes mounts them, and not here.
                if isinstance(value, str) and not value.startswith("/etc/sillage/"):
                    process.setenv(name, value)
            Settings()


def test_serve_has_the_keys_of_links_and_who_calls_back_and_the_dispatcher_does_not_know_the_callers() -> None:
    given = [f"files.{name}.secretName=s" for name in ("inbound", "inbox_keys", "sms", "redis_ca", "kafka_ca")]
    found = manifests(*SERVES, "--set", ",".join(given))
    files = {
        role: {name for name, value in environment(found, role).items() if str(value).startswith("/etc/sillage/")}
        for role in ("serve", "dispatcher")
    }
    callers = {"SILLAGE_INBOUND", "SILLAGE_INBOX_KEYS"}
    assert files["serve"] == {"SILLAGE_LINKS_KEYS", *callers, "SILLAGE_REDIS_CA", "SILLAGE_KAFKA_CA"}
    assert files["dispatcher"] == {"SILLAGE_LINKS_KEYS", "SILLAGE_SMS", "SILLAGE_REDIS_CA", "SILLAGE_KAFKA_CA"}
    assert "settings.links_url and files.links_keys" in refusal("--set", "serve.enabled=true")


def test_serve_answers_the_inbox_alone_where_links_have_no_keys() -> None:
    alone = ("--set", "serve.enabled=true,files.inbox_keys.secretName=s")
    told = environment(manifests(*alone), "serve")
    assert "SILLAGE_INBOX_KEYS" in told and "SILLAGE_LINKS_KEYS" not in told
    assert "files.links_keys" in refusal(*alone, "--set", "settings.links_url=https://m.example")
    assert "no host" in refusal(*alone, "--set", "serve.ingress.enabled=true")


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for child in node.values():
            yield from texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from texts(child)
    else:
        yield str(node)


def test_what_a_secret_holds_stands_nowhere() -> None:
    found = manifests(*values_of("secured"))
    assert {each["kind"] for each in found}.isdisjoint({"Secret"})
    told = environment(found, "dispatcher")
    assert told["SILLAGE_REDIS"] == {"secretKeyRef": {"name": "sillage", "key": "redis-url"}}
    assert told["SILLAGE_SMTP"] == {"secretKeyRef": {"name": "sillage", "key": "smtp-url"}}
    everything = list(texts([each for each in found if each["kind"] != "NetworkPolicy"]))
    assert [text for text in everything if text.startswith(("redis:", "smtp:", "smtps:", "rediss:"))] == []


def test_credentials_of_mail_are_the_dispatchers_alone_and_those_of_redis_also_the_workers() -> None:
    given = {"dispatcher": {"SILLAGE_REDIS", "SILLAGE_SMTP"}, "worker": {"SILLAGE_REDIS"}}
    found = manifests(*values_of("secured"), "--set", "existingSecret.keys.kafka=kafka")
    for role in ROLES:
        secret = {name for name, value in environment(found, role).items() if not isinstance(value, str)}
        assert secret == {"SILLAGE_KAFKA"} | given.get(role, set())


@pytest.mark.parametrize("setting", ["redis", "smtp", "push_url"])
def test_a_password_in_plain_text_is_refused(setting: str) -> None:
    scheme = {"redis": "redis", "smtp": "smtp", "push_url": "https"}[setting]
    reason = refusal("--set", f"settings.{setting}={scheme}://ada:{WORD}@host:1")
    assert f"settings.{setting}: holds a user or a password" in reason
    assert f"existingSecret.keys.{setting}" in reason
    assert WORD not in reason


def test_files_of_secrets_are_mounted_for_the_dispatcher_alone() -> None:
    found = manifests(*values_of("full"))
    dispatcher = pod(found, "dispatcher")
    mounts = {each["name"]: each for each in container(dispatcher)["volumeMounts"]}
    volumes = {each["name"]: each for each in dispatcher["spec"]["volumes"]}
    told = environment(found, "dispatcher")
    for name, file in (("push", "account.json"), ("webhooks", "endpoints.json")):
        assert told[f"SILLAGE_{name.upper()}"] == f"{mounts[name]['mountPath']}/{file}"
        assert mounts[name]["readOnly"] is True
        assert volumes[name]["secret"]["secretName"] == name
        assert volumes[name]["secret"]["items"] == [{"key": file, "path": file}]
        assert volumes[name]["secret"]["defaultMode"] & 0o007 == 0
    for role in ("worker", "migration"):
        assert environment(found, role).keys().isdisjoint({"SILLAGE_PUSH", "SILLAGE_WEBHOOKS"})
        assert all("secret" not in each for each in pod(found, role)["spec"]["volumes"])


def test_letters_lie_on_a_claim_that_dispatchers_alone_mount() -> None:
    found = manifests("--set", "postal.claimName=letters")
    spec = pod(found, "dispatcher")["spec"]
    assert {"name": "letters", "mountPath": "/var/lib/letters"} in container(pod(found, "dispatcher"))["volumeMounts"]
    assert {"name": "letters", "persistentVolumeClaim": {"claimName": "letters"}} in spec["volumes"]
    for role in {"worker", "learner", "migration"} & {component for component, _ in pods(found)}:
        assert "SILLAGE_POSTAL" not in environment(found, role)
        assert "letters" not in {each["name"] for each in pod(found, role)["spec"]["volumes"]}


@pytest.mark.parametrize("role", ROLES)
def test_files_of_kafka_go_to_every_process_those_of_redis_to_workers_and_of_mail_to_dispatchers(role: str) -> None:
    names = ("kafka_password_file", "kafka_key", "redis_password_file", "smtp_password_file")
    found = manifests(*(word for name in names for word in ("--set", f"files.{name}.secretName={name[:5]}")))
    told, spec = environment(found, role), pod(found, role)["spec"]
    mounts = {each["mountPath"]: each for each in container(pod(found, role))["volumeMounts"]}
    volumes = {each["name"]: each for each in spec["volumes"]}
    for name in names:
        given = role == "dispatcher" or name.startswith("kafka") or (role == "worker" and name.startswith("redis"))
        assert (f"SILLAGE_{name.upper()}" in told, f"/etc/sillage/{name}" in mounts) == (given, given)
        if given:
            secret = volumes[mounts[f"/etc/sillage/{name}"]["name"]]["secret"]
            assert secret["secretName"] == name[:5]
            assert secret["defaultMode"] & 0o007 == 0


@pytest.mark.parametrize("role", ["worker", "dispatcher"])
def test_changed_settings_replace_the_pods_and_nothing_else_does(role: str) -> None:
    before, same, after = (
        pod(manifests("--set", value), role)
        for value in ("worker.replicas=2", "worker.replicas=3", "settings.trace=all")
    )
    assert before == same
    assert (
        before["metadata"]["annotations"]["checksum/settings"] != after["metadata"]["annotations"]["checksum/settings"]
    )


def test_another_key_of_the_secret_replaces_the_pods() -> None:
    one, other = (
        pod(manifests(*values_of("secured"), "--set", f"existingSecret.keys.redis={key}"), "dispatcher") for key in "ab"
    )
    assert one != other
