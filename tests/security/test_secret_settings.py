"""Settings of secrets: what does not fit is refused with the variable and the cure, and no secret is ever said."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from security.authority import Authority
from security.locked import secret_file

from cli.errors import CliError
from cli.settings import load_settings
from local.demo.house import environment
from streams.observing.logs import secrets_of
from streams.settings import Settings

WORD = "hunter2-hunter2"
SASL = {"kafka_security": "sasl_ssl", "kafka_mechanism": "PLAIN", "kafka_user": "ada", "kafka_password": WORD}
TOKEN = {**SASL, "kafka_mechanism": "OAUTHBEARER", "kafka_token_url": "https://login.example/token"}
Change = dict[str, Any]


@pytest.mark.parametrize(
    ("given", "variable", "cure"),
    [
        ({"kafka_password": WORD}, "KAFKA_PASSWORD", "set that to sasl_ssl or sasl_plaintext"),
        ({"kafka_user": "ada"}, "KAFKA_USER", "set that to sasl_ssl or sasl_plaintext"),
        ({"kafka_ca": "ca.pem"}, "KAFKA_CA", "set that to ssl or sasl_ssl"),
        ({"kafka_security": "sasl_plaintext"}, "KAFKA_MECHANISM", "set it to one of PLAIN, SCRAM-SHA-256"),
        ({**SASL, "kafka_user": ""}, "KAFKA_USER", "is not set"),
        ({**SASL, "kafka_password": ""}, "KAFKA_PASSWORD_FILE", "nor is SILLAGE_KAFKA_PASSWORD; set one"),
        ({**SASL, "kafka_password_file": "p"}, "KAFKA_PASSWORD_FILE", "unset one of them"),
        ({**SASL, "kafka_token_url": "https://h/t"}, "KAFKA_TOKEN_URL", "OAUTHBEARER only"),
        ({**TOKEN, "kafka_token_url": ""}, "KAFKA_TOKEN_URL", "where OAUTHBEARER tokens are had"),
        ({**SASL, "kafka_cert": "c.pem"}, "KAFKA_KEY", "set both or none"),
        ({**SASL, "kafka_key": "c.pem"}, "KAFKA_CERT", "set both or none"),
        ({"redis_ca": "ca.pem"}, "REDIS_CA", "begin with rediss://"),
        ({"redis": "rediss://h", "redis_cert": "c.pem"}, "REDIS_KEY", "set both or none"),
        ({"redis": f"redis://u:{WORD}@h", "redis_password_file": "p"}, "REDIS_PASSWORD_FILE", "take it out of the URL"),
        ({"smtp": f"smtp://u:{WORD}@h", "smtp_password_file": "p"}, "SMTP_PASSWORD_FILE", "take it out of the URL"),
        ({"smtp_password_file": "p"}, "SMTP_PASSWORD_FILE", "smtp://user@host:587"),
    ],
)
def test_what_contradicts_itself_is_refused(given: Change, variable: str, cure: str) -> None:
    with pytest.raises(CliError) as refused:
        load_settings(**given)
    assert refused.value.message.startswith(f"SILLAGE_{variable}: ")
    assert cure in refused.value.message
    assert WORD not in "".join(traceback.format_exception(refused.value))


def _absent(folder: Path) -> str:
    return str(folder / "absent")


def _noise(folder: Path) -> str:
    return secret_file(folder, f"{WORD}\nno certificate", "noise")


@pytest.mark.parametrize(
    ("given", "file", "variable", "reason"),
    [
        ({"kafka_security": "ssl"}, _absent, "kafka_ca", "cannot be read"),
        ({"kafka_security": "ssl"}, _noise, "kafka_ca", "no certificate in PEM form"),
        ({**SASL, "kafka_password": ""}, _absent, "kafka_password_file", "cannot be read"),
        ({**SASL, "kafka_password": ""}, _noise, "kafka_password_file", "more than one line"),
        ({"redis": "rediss://h"}, _noise, "redis_ca", "no certificate in PEM form"),
        ({"redis": "rediss://u@h"}, _absent, "redis_password_file", "cannot be read"),
        ({"smtp": "smtp://u@h"}, lambda folder: secret_file(folder, "", "empty"), "smtp_password_file", "is empty"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, given: Change, file: Callable[[Path], str], variable: str, reason: str
) -> None:
    path = file(tmp_path)
    with pytest.raises(CliError) as refused:
        load_settings(**given, **{variable: path})
    assert refused.value.message.startswith(f"SILLAGE_{variable.upper()}={path}: ")
    assert reason in refused.value.message
    assert WORD not in "".join(traceback.format_exception(refused.value))


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("one"), authority.issue("other")
    with pytest.raises(CliError, match=r"^SILLAGE_KAFKA_KEY=.*is not the key of"):
        load_settings(kafka_security="ssl", kafka_cert=one.cert, kafka_key=other.key)
    assert load_settings(kafka_security="ssl", kafka_cert=one.cert, kafka_key=one.key).brokers.security.context()


def test_no_secret_is_in_what_settings_say_of_themselves(tmp_path: Path) -> None:
    file = secret_file(tmp_path, WORD + "-file")
    settings = Settings(**SASL, redis="rediss://u@h", redis_password_file=file, smtp=f"smtp://u:{WORD}@h", log_key=WORD)
    assert WORD not in f"{settings!r} {settings} {settings.brokers!r} {settings.redis_access!r}"
    assert environment(settings)["SILLAGE_KAFKA_PASSWORD"] == WORD
    assert {WORD, WORD + "-file"} <= set(secrets_of(settings))


@pytest.mark.parametrize("name", ["redis", "smtp", "kafka_token_url"])
def test_a_url_that_is_wrong_is_told_without_its_password(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**{name: f"nonsense://ada:{WORD}@host"})
    assert WORD not in str(refused.value)
    with pytest.raises(CliError) as told:
        load_settings(**{name: f"nonsense://ada:{WORD}@host"})
    assert WORD not in told.value.message


def test_a_file_that_everybody_may_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = Path(secret_file(tmp_path, WORD))
    settings = Settings(**{**SASL, "kafka_password": ""}, kafka_password_file=str(file))
    assert settings.open_secrets() == []
    file.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        (warning,) = settings.open_secrets()
    assert warning.startswith(f"SILLAGE_KAFKA_PASSWORD_FILE={file}: every user")
