"""The shipped journeys of one release beside each other: what one of them brings about begins another."""

from pathlib import Path
from typing import Any

from cli.folder import read_files
from engine.decision import Action
from journeys.lives import instant, local
from journeys.load import load_project
from streams.driver import Driver, catalog_of

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
ZONE = "Europe/London"


class Person:
    """One customer with e-mail and consent, and all that they get from all shipped journeys."""

    def __init__(self, at: str, **attributes: Any) -> None:
        self._driver = Driver(catalog_of(load_project(read_files([DEFINITIONS])[1])), instant(at, ZONE))
        self.tell("customer.updated", set={"email": "ada@example.org", "timezone": ZONE, **attributes})
        for topic in ("offers", "newsletter"):
            self.tell("consent.changed", topic=topic, channel="email", given=True)

    def tell(self, type: str, at: str = "", **properties: Any) -> None:
        """An event, now or at a local time to come."""
        self._driver.event(type, "ada", properties, at=instant(at, ZONE) if at else None)

    def got(self, until: str) -> list[str]:
        """The messages since the last call, up to a local time."""
        self._driver.advance(instant(until, ZONE))
        actions = [each for each in self._driver.read() if isinstance(each, Action)]
        return [f"{each.journey}:{each.message}@{local(each.decided_at, ZONE)}" for each in actions]


def test_points_lead_to_tiers_and_tiers_to_the_best_customers() -> None:
    ada = Person("2026-03-02T12:00", card="77")
    ada.tell("order.placed", total=520.0)
    assert ada.got("2026-03-05T12:00") == [
        "first-order-thanks:order-thanks@2026-03-02T12:00",
        "tier-reached:tier-silver@2026-03-02T12:00",
    ]
    ada.tell("order.placed", "2026-03-06T12:00", total=990.0)
    assert ada.got("2026-03-10T12:00") == [
        "tier-reached:tier-gold@2026-03-06T12:00",
        "vip-welcome:vip-preview@2026-03-08T12:00",
    ]


def test_without_a_card_there_are_no_tiers_but_whoever_buys_much_is_welcomed() -> None:
    ada = Person("2026-03-02T12:00", city="London")
    ada.tell("order.placed", total=1510.0)
    assert ada.got("2026-03-05T12:00") == [
        "first-order-thanks:order-thanks@2026-03-02T12:00",
        "vip-welcome:vip-evening@2026-03-04T12:00",
    ]


def test_what_is_bought_regularly_is_remembered_waited_for_and_told_in_one_letter() -> None:
    ada = Person("2026-01-05T12:00")
    bags = {"product": "22386", "name": "JUMBO BAG PINK POLKADOT", "quantity": 10, "refill": True}
    cases = {"product": "21212", "name": "PACK OF 72 RETROSPOT CAKE CASES", "quantity": 24, "refill": True}
    for at in ("2026-01-05T12:00", "2026-02-04T12:00", "2026-03-06T12:00"):
        ada.tell("product.bought", at, **bags)
        ada.tell("product.bought", at, **cases)
    assert ada.got("2026-04-05T11:00") == []
    ada.tell("product.bought", "2026-04-05T12:00", **bags)
    ada.tell("product.bought", "2026-04-06T12:00", **cases)
    # The bags last until 5 May, 11:40, since a day was short: told five days before, collected for three.
    assert ada.got("2026-06-30T12:00") == ["running-low:running-low@2026-05-03T11:40"]
