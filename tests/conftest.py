"""What every test may ask for: a real broker, a real Redis, a mailbox, and a prefix of its own."""

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from local.errors import LocalError
from local.mailbox import Mailbox
from local.services import NAMES, Services, chosen_line, temporary, temporary_road
from streams.settings import Settings

# What a generated test promises holds at any speed: neither an example nor its making is too slow.
hypothesis_settings.register_profile(
    "steady", hypothesis_settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("steady")

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_configure(config: pytest.Config) -> None:
    """A polite end by a signal tears down like Ctrl-C, so that no broker is left behind.

    A shell lets what it starts with `&` ignore Ctrl-C, and every child of that too: those under test must not.
    """
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, signal.default_int_handler)
    # A broker of a test lives for minutes: what the JVM's second compiler costs it never gives back.
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")


def pytest_report_header() -> str:
    try:
        wanted = [name for name in NAMES if name not in given_addresses()]
        return f"services: {chosen_line(temporary_road(wanted), wanted)}"
    except LocalError as problem:
        return f"services: {problem}"


def given_addresses() -> dict[str, str]:
    """Addresses given for tests. SILLAGE_KAFKA is not asked: a broker in use is no place for tests."""
    named = {name: os.environ.get(f"SILLAGE_TEST_{name.upper()}") for name in NAMES}
    return {name: address for name, address in named.items() if address}


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services of this run, started at their first use and gone at its end; in CI their absence is a failure."""
    try:
        with temporary(tmp_path_factory.mktemp("services"), given_addresses()) as found:
            yield found
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def kafka(services: Services) -> str:
    """The bootstrap address of a real broker. Topics are not made by use: a test creates its own, under `prefix`."""
    return services.kafka


@pytest.fixture(scope="session")
def redis_url(services: Services) -> str:
    """The URL of a real Redis, shared by the run: keys go under `prefix`."""
    return services.redis


@pytest.fixture
def prefix() -> str:
    """A prefix for topics, groups and keys that no other test and no other run has: letters and digits."""
    return "t" + secrets.token_hex(6)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP receiver, empty."""
    with Mailbox() as box:
        yield box


@pytest.fixture
def settings(services: Services, mailbox: Mailbox, prefix: str, tmp_path: Path) -> Settings:
    """Settings of a process that uses this test's services."""
    return Settings(kafka=services.kafka, redis=services.redis, smtp=mailbox.url, prefix=prefix, data=tmp_path)
