"""Which of the shipped journeys the town begins: those that its page names, and no other."""

from townlife import Life, shipped

from local.town.rhythm import HOUR_MS
from local.town.town import Town

BEGUN = {
    "abandoned-basket", "umbrella", "call-back", "first-order-thanks", "win-back", "second-order", "voucher",
}  # fmt: skip


def test_the_town_begins_the_journeys_of_its_page() -> None:
    town = Town(1, 120)
    life = Life(town, ())
    life.until(town.morning_at + 30 * HOUR_MS)
    assert set(life.scene.tally.entered) == BEGUN
    assert set(shipped().journeys) > BEGUN
