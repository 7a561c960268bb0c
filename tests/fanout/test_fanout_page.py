"""docs/fanout.md is true: its journey is one, its limits are the code's; test_fanout_on_kafka.py runs its program."""

from fanout.fanout_page import FOLDER, PAGE

from journeys.load import load_project
from streams.fanout import fanouts, going, planned, schedules
from streams.partition import FANOUT_SLICE
from streams.touchpoints.reserved import LARGEST_TO_EVERYONE

WORDS = {4: "four"}


def test_the_journey_is_one() -> None:
    (found,) = load_project(FOLDER).journeys
    assert found == "cheaper"


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{fanouts.MOST_WALKS} go or wait" in PAGE
    assert f"{WORDS[fanouts.LANES]} go side by side" in PAGE
    assert f"the last {fanouts.KNOWN_IDS} in each partition" in PAGE
    assert f"at most {FANOUT_SLICE} between two looks" in PAGE
    assert f"{planned.PACE} where nothing is said" in PAGE
    assert planned.SLOWEST == 1.0 and "at least one\ncustomer a second" in PAGE
    assert going.ARREARS_MS == 1_000 and "at most a second's worth" in PAGE
    assert fanouts.SKEW_MS == 60_000 and "within a minute" in PAGE
    assert schedules.MADE_UP_MS == 3_600_000 and "no older than an hour" in PAGE
    assert f"{LARGEST_TO_EVERYONE >> 10} KiB at most" in PAGE
