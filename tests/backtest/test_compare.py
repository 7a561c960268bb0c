"""Two versions are compared person by person: what both do cancels out, what only one does is paired and told."""

from collections.abc import Callable

from backtest.playing import AT, BASKET, DAY_MS, files, known, play, touchpoint
from hypothesis import given
from hypothesis import strategies as st

from streams.backtest.compare import Comparison, Difference, Person, Thing, persons
from streams.backtest.happened import Happened
from streams.backtest.rows import told

HOUR_MS = 3_600_000


def person(customer: str, *orders: int, basket_at: int = AT) -> list[dict[str, object]]:
    """One who fills a basket, and orders so many hours later."""
    events = [*known(customer), touchpoint("basket.updated", customer, basket_at, id=f"b-{customer}", basket_id="b1")]
    return events + [touchpoint("order.placed", customer, AT + hour * HOUR_MS, id=f"o-{hour}") for hour in orders]


def compared(events: list[dict[str, object]], after: dict[str, str], before: dict[str, str]) -> list[Person]:
    ordered = sorted(events, key=lambda event: int(str(event["occurred_at"])))
    played = play(ordered, after, before, until=AT + 30 * DAY_MS)
    return persons(played.outcome.rests.items())


def test_equal_versions_differ_for_nobody() -> None:
    played = play([*person("c1"), *person("c2", 5)], files(), files(), until=AT + 30 * DAY_MS)
    outcome = played.outcome
    assert (outcome.rests, outcome.inside) == ({}, outcome.inside_before)
    assert (outcome.tally, outcome.tally.number("sent")) == (outcome.before, 1)


def test_a_shorter_wait_reaches_some_earlier_and_one_who_had_ordered_before() -> None:
    """c1 never orders, c2 after 15 h, c3 after 5 h: before 20 h, now 10 h."""
    found = compared([*person("c1"), *person("c2", 15), *person("c3", 5)], files("10h"), files("20h"))
    assert [each.customer for each in found] == ["c1", "c2"]
    first, second = found
    assert [told(each) for each in first.differences] == [
        "< 2026-03-03T14:00 -> 2026-03-03T04:00  sent email:reminder  basket",
        "< 2026-03-05T14:00 -> 2026-03-05T04:00  exited completed  basket",
    ]
    assert [told(each) for each in second.differences] == ["+ 2026-03-03T04:00  sent email:reminder  basket"]


def test_another_outcome_is_told_as_one_difference() -> None:
    renamed = files()["journeys/basket.yaml"].replace("as: converted", "as: bought")
    found = compared(person("c1", 5), {**files(), "journeys/basket.yaml": renamed}, files())
    assert [told(each) for each in found[0].differences] == [
        "~ 2026-03-02T23:00 -> 2026-03-02T23:00  exited converted -> bought  basket"
    ]


def test_a_journey_that_is_only_in_the_new_version_is_all_gained() -> None:
    other = BASKET.replace("journey: basket", "journey: other").replace("{wait}", "1h")
    played = play(person("c1"), files(other=other), files(), journeys=["basket"], until=AT + 9 * DAY_MS)
    assert played.outcome.rests == {}


def things() -> st.SearchStrategy[Happened]:
    few = st.sampled_from
    return st.builds(
        Happened, st.integers(0, 3), few(["c1", "c2"]), few(["j", "k"]), st.just(""), few(["e", "f"]), st.just("n"),
        few(["sent", "exited", "waited", "refused", "entered"]), few(["", "x"]), st.just("email"), few(["m", "n"]),
        st.none(),
    )  # fmt: skip


@given(st.lists(things()), st.randoms())
def test_the_order_in_which_two_plays_tell_the_same_changes_nothing(found: list[Happened], chance: object) -> None:
    comparison = Comparison()
    other = list(found)
    chance.shuffle(other)  # type: ignore[attr-defined]
    steps: list[tuple[Callable[[Happened], None], Happened]] = [
        *((comparison.before, one) for one in found),
        *((comparison.after, one) for one in other),
    ]
    chance.shuffle(steps)  # type: ignore[attr-defined]
    for take, one in steps:
        take(one)
    assert comparison.rests == {}


@given(st.lists(things()), st.lists(things()))
def test_every_thing_that_one_play_did_alone_is_told_once(before: list[Happened], after: list[Happened]) -> None:
    comparison = Comparison()
    for one in before:
        comparison.before(one)
    for one in after:
        comparison.after(one)
    left = {customer: dict(rest) for customer, rest in comparison.rests.items()}
    for person_ in persons(comparison.rests.items()):
        rest = left.pop(person_.customer)
        for each in person_.differences:
            spend(rest, each)
        assert not any(rest.values())
    assert left == {}


def spend(rest: dict[Thing, int], each: Difference) -> None:
    if each.before is not None:
        rest[each.before] += 1
    if each.after is not None:
        rest[each.after] -= 1


def test_a_message_of_the_same_enrollment_stands_for_itself_before_one_of_another() -> None:
    was = [Thing(1, "sent", "j", "e", "m"), Thing(5, "sent", "j", "f", "m")]
    now = Thing(6, "sent", "j", "f", "m")
    (found,) = persons([("c1", {was[0]: -1, was[1]: -1, now: 1})])
    assert found.differences == [Difference("lost", was[0], None), Difference("later", was[1], now)]
    assert found.number("sent") == 2


def test_a_message_that_another_event_brings_is_the_same_one_at_another_instant() -> None:
    was, now = Thing(5, "sent", "j", "e", "m"), Thing(3, "sent", "j", "f", "m")
    (found,) = persons([("c1", {was: -1, now: 1})])
    assert found.differences == [Difference("earlier", was, now)]
