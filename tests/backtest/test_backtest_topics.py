"""Topics of a real broker are played by append time, in a range, with the channels that they are named after."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from backtest.playing import AT, DAY_MS, command, encoded, files, folder, known, play, touchpoint
from operations.conftest import put

from streams.broker.publish import Out
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings
from streams.touchpoints.home import home

HOUR_MS = 3_600_000


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings whose topics exist, and which a command finds in its environment."""
    found = settings.model_copy(update={"partitions": 2, "channels": "web,store"})
    for name in [name for name in os.environ if name.startswith("SILLAGE_") and not name.startswith("SILLAGE_TEST")]:
        monkeypatch.delenv(name)
    for name in ("kafka", "redis", "prefix", "partitions", "channels", "data"):
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", str(getattr(found, name)))
    migrate(found)
    yield found
    delete_all(found)


def publish(settings: Settings, topic: str, *events: dict[str, object]) -> None:
    """One after the other, each on the home partition of its customer."""
    for event, value in zip(events, encoded(events), strict=True):
        customer = str(event["customer"])
        put(settings, topic, home(customer, 2), Out(customer.encode(), value))


def moment() -> int:
    """An instant (ms) after everything appended so far, and before everything appended from now on."""
    found = time.time_ns() // 1_000_000 + 1
    while time.time_ns() // 1_000_000 <= found:
        pass
    return found


def test_a_topic_plays_as_the_same_events_in_a_file_and_a_range_of_it_as_a_part(
    house: Settings, tmp_path: Path
) -> None:
    basket = [
        touchpoint("basket.updated", who, AT + hour * HOUR_MS, id=f"b{hour}", basket_id="b1")
        for hour, who in enumerate(["c1", "c2", "c3", "c4"])
    ]
    orders = [touchpoint("order.placed", who, AT + 10 * HOUR_MS, id="o", total=1.5) for who in ("c1", "c2")]
    people = [event for who in ("c1", "c2", "c3", "c4") for event in known(who)]
    last = touchpoint("page.viewed", "c1", AT + 2 * DAY_MS)
    publish(house, "touchpoints.web", *people, *basket)
    publish(house, "touchpoints.store", *orders)
    before_the_last = moment()
    publish(house, "touchpoints.web", last)
    shop = folder(tmp_path / "shop", files())
    counts = play([*people, *basket, *orders, last]).outcome.tally
    assert (counts.number("sent"), counts.number("exited")) == (2, 2)
    both = ("--topic", "touchpoints.web", "--topic", house.topic("touchpoints.store"))
    said = command(shop, *both, "--jobs", 2).output
    assert said.startswith("played 15 of 15 events of 4 customers"), said
    assert ["basket", "email", "reminder", "2"] in [line.split() for line in said.splitlines()]
    assert ["basket", "converted", "2"] in [line.split() for line in said.splitlines()]
    cut = command(shop, *both, "--to", time_of(before_the_last)).output
    assert cut.startswith("played 14 of 14 events of 4 customers"), cut
    assert command(shop, *both, "--from", time_of(before_the_last)).output.startswith("played 1 of 1")


def time_of(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000)) + f".{at % 1000:03d}Z"


def test_an_event_takes_channel_instant_and_id_from_its_record(house: Settings, tmp_path: Path) -> None:
    text = files()["journeys/basket.yaml"].replace(
        "  key: event", "  where: event.meta.channel == 'store'\n  key: event"
    )
    shop = folder(tmp_path / "shop", {**files(), "journeys/basket.yaml": text})
    publish(house, "touchpoints.web", touchpoint("basket.updated", "c1", None, basket_id="b1"))
    publish(house, "touchpoints.store", touchpoint("basket.updated", "c1", None, basket_id="b2"))
    put(house, "touchpoints.store", 1, Out(b"c1", b"{torn"))
    result = command(shop, "--topic", "touchpoints.web", "--topic", "touchpoints.store")
    assert ["basket", "1", "1"] in [line.split()[:3] for line in result.output.splitlines()], result.output
    assert f"{house.topic('touchpoints.store')}/1/" in result.output


def test_topics_that_are_not_there_and_ranges_that_are_empty(house: Settings, tmp_path: Path) -> None:
    shop = folder(tmp_path / "shop", files())
    missing = command(shop, "--topic", "touchpoints.nowhere")
    assert missing.exit_code == 1
    known_ones = f"expected one of {house.topic('touchpoints.store')}, {house.topic('touchpoints.web')}"
    assert f"{house.topic('touchpoints.nowhere')}: not there; {known_ones}" in missing.output
    empty = command(shop, "--topic", "touchpoints.web")
    assert (empty.exit_code, "touchpoints.web: no event is there" in empty.output) == (1, True)
    publish(house, "touchpoints.web", touchpoint("page.viewed", "c1", AT))
    assert "no event is there" in command(shop, "--topic", "touchpoints.web", "--from", time_of(moment())).output
