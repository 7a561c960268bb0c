"""The test driver: pipe in, advance time, read out, over the real processor."""

from collections.abc import Iterator

import pytest

from engine.decision import Action, Trace
from journeys.load import load_project
from streams.definitions.plan import DeployRefused
from streams.driver import Driver, catalog_of

HOUR = 3_600_000
START = 1_800_000_000_000
FILES = {
    "journeys/hello.yaml": (
        "journey: hello\ntopic: offers\nttl: 9d\nenter: {on: account.created}\nexit: [{on: account.closed}]\n"
        "steps: [{wait: 2h}, {send: welcome, channel: email}]\n"
    ),
    "messages/welcome/message.yaml": "subject: Welcome\n",
    "messages/welcome/email.txt": "Hello.\n",
}


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver(catalog_of(load_project(FILES)), START)
    driver.event("customer.updated", "c1", {"set": {"email": "c1@example.org"}})
    driver.event("consent.changed", "c1", {"topic": "offers", "channel": "email", "given": True})
    driver.event("account.created", "c1")
    driver.read()
    yield driver
    assert driver.dead() == []


def sent(driver: Driver) -> list[tuple[str, int]]:
    return [(each.message, each.decided_at) for each in driver.read() if isinstance(each, Action)]


def test_time_moves_only_when_told_and_a_timer_fires_at_its_own_instant(driver: Driver) -> None:
    assert driver.next_due() == START + 2 * HOUR
    driver.advance(START + 2 * HOUR - 1)
    assert sent(driver) == []
    driver.advance(START + 9 * HOUR)
    assert sent(driver) == [("welcome", START + 2 * HOUR)]
    assert driver.now == START + 9 * HOUR
    assert driver.read() == []


def test_a_timer_due_fires_before_an_event_of_the_same_instant(driver: Driver) -> None:
    driver.event("account.closed", "c1", at=START + 2 * HOUR)
    assert sent(driver) == [("welcome", START + 2 * HOUR)]


def test_an_event_before_the_timer_ends_the_wait(driver: Driver) -> None:
    driver.event("account.closed", "c1", at=START + 2 * HOUR - 1)
    driver.advance(START + 9 * HOUR)
    found = driver.read()
    assert not any(isinstance(each, Action) for each in found)
    assert ["exited"] in [[line.what for line in each.lines] for each in found if isinstance(each, Trace)]


def test_the_same_id_counts_once(driver: Driver) -> None:
    for _ in range(2):
        driver.event("account.created", "c2", id="once")
    begun = [each for each in driver.read() if isinstance(each, Trace) and any(x.what == "entered" for x in each.lines)]
    assert len(begun) == 1


def test_bytes_that_are_no_touchpoint_become_dead_letters(driver: Driver) -> None:
    driver.pipe(b"{broken")
    assert len(driver.dead()) == 1


def test_faulty_definitions_make_no_catalog() -> None:
    with pytest.raises(DeployRefused, match="nowhere"):
        catalog_of(
            load_project({**FILES, "journeys/hello.yaml": FILES["journeys/hello.yaml"].replace("welcome", "nowhere")})
        )
