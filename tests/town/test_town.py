"""The town by itself: it repeats exactly, time goes forward, and what the journeys wait for happens often enough."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from engine.event import Event
from local.town.geography import BRIDGES, CROSSINGS, RIVER_WIDTH_M, STORES, STREETS, nearest_store, river_y, route
from local.town.happening import CHANNELS, Change, Delivery, Happening, Touch, Work
from local.town.plane import HEIGHT_M, WIDTH_M, Point, degrees, point_at
from local.town.rhythm import DAY_MS, HOUR_MS, MINUTE_MS, clock_text, hour_of
from local.town.town import MORNING_AT, Town, TownError
from streams.driver import Row
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.wire import Fix, Touchpoint, encode_touchpoint

LIVE_MS = 60 * HOUR_MS
DOZENS = 24


def touches(happened: Iterable[Happening], *types: str) -> list[Touch]:
    return [each for each in happened if isinstance(each, Touch) and (not types or each.type in types)]


@pytest.fixture(scope="module")
def lived() -> tuple[list[Happening], list[Happening]]:
    """300 customers, left alone: the past, and 60 hours from the first morning on."""
    town = Town(1, 300)
    return town.advance(town.morning_at), town.advance(town.morning_at + LIVE_MS)


@pytest.fixture(scope="module")
def past(lived: tuple[list[Happening], list[Happening]]) -> list[Happening]:
    return lived[0]


@pytest.fixture(scope="module")
def live(lived: tuple[list[Happening], list[Happening]]) -> list[Happening]:
    return lived[1]


def test_the_same_seed_lives_the_same_life_in_steps_of_any_size() -> None:
    whole, stepped = Town(7, 40), Town(7, 40)
    at_once = whole.advance(MORNING_AT + DAY_MS)
    in_steps = stepped.advance(MORNING_AT)
    for step in range(1, 24 * 6 + 1):
        in_steps += stepped.advance(MORNING_AT + step * 10 * MINUTE_MS)
    assert in_steps == at_once
    assert Town(8, 40).advance(MORNING_AT + DAY_MS) != at_once


def test_time_never_goes_back(past: list[Happening], live: list[Happening]) -> None:
    instants = [each.at for each in [*past, *live]]
    assert instants == sorted(instants)
    assert live[0].at > MORNING_AT >= past[-1].at
    town = Town(1, 2)
    town.advance(MORNING_AT)
    with pytest.raises(TownError, match="time does not go back"):
        town.advance(MORNING_AT - 1)


def test_ids_are_those_of_one_happening(past: list[Happening], live: list[Happening]) -> None:
    ids = [each.id for each in touches([*past, *live])]
    assert len(ids) == len(set(ids))


def test_every_touchpoint_is_one_that_a_worker_takes(past: list[Happening], live: list[Happening]) -> None:
    town = Town(1, 300)
    for each in touches([*past, *live]):
        fix = msgspec.convert(each.place, Fix) if each.place else None
        sent = encode_touchpoint(
            Touchpoint(each.type, each.customer, id=each.id, occurred_at=each.at, place=fix, properties=each.properties)
        )
        topic = f"touchpoints.{each.channel}"
        row = Row(topic, 0, 0, each.at, None, sent.value)
        event = Decoder(topic, each.channel, lambda: 0).decode(row)
        assert isinstance(event, Event), (each, event)
        assert (event.customer, event.occurred_at) == (each.customer, each.at)
        assert each.customer in town.people


def test_all_ten_channels_speak_once_messages_are_read(live: list[Happening]) -> None:
    town = Town(1, 300)
    town.advance(MORNING_AT)
    for number, person in enumerate(town.people):
        for channel in ("email", "push"):
            town.received(Delivery(town.now, f"{channel}-{number}", person, channel, "order-thanks"))
    spoken = {each.channel for each in touches(town.advance(MORNING_AT + DAY_MS))}
    assert spoken == set(CHANNELS)


def test_people_are_introduced_before_they_do_anything_and_most_consent(
    past: list[Happening], live: list[Happening]
) -> None:
    first: dict[str, str] = {}
    for each in touches([*past, *live]):
        first.setdefault(each.customer, each.type)
    assert set(first.values()) == {"account.created"}
    assert 270 <= len(first) <= 300
    answers: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for each in touches(past, "consent.changed"):
        answers[each.properties["topic"], each.properties["channel"]].append(each.properties["given"])
    assert set(answers) == {("offers", "email"), ("offers", "push"), ("location", "app")}
    assert all(0.65 < sum(given) / len(given) < 0.95 for given in answers.values())
    assert touches(live, "account.created")
    assert any(each.properties["source"] == "preferences" for each in touches(live, "consent.changed"))
    told = [each.properties["set"] for each in touches(past, "customer.updated")]
    assert all({"email", "first_name", "phone", "timezone"} <= set(known) for known in told)
    assert len({known["email"] for known in told}) == len(told)


def test_rates_lie_in_bounds_and_follow_the_day(live: list[Happening]) -> None:
    by_hour = Counter((each.at - MORNING_AT) // HOUR_MS for each in touches(live))
    assert max(by_hour.values()) < 1_600
    assert 20_000 < sum(by_hour.values()) < 60_000
    walked: Counter[bool] = Counter(8 <= hour_of(each.at) < 21 for each in touches(live, "position.reported"))
    assert walked[True] > 10 * walked[False]
    called = {hour_of(each.at) for each in touches(live, "call.queued")}
    assert called <= set(range(8, 20))
    assert clock_text(MORNING_AT) == "Tue 08:00"


def baskets(happened: list[Happening]) -> tuple[dict[str, int], dict[str, int]]:
    """When each basket was first worth 30, and when each was bought or emptied."""
    worth: dict[str, int] = {}
    ended: dict[str, int] = {}
    for each in touches(happened, "basket.updated", "basket.emptied", "order.placed"):
        id = each.properties["basket_id"]
        if each.type != "basket.updated":
            ended[id] = each.at
        elif each.properties["value"] >= 30:
            worth.setdefault(id, each.at)
    return worth, ended


def test_baskets_are_left_for_a_reminder_and_for_a_last_call(past: list[Happening], live: list[Happening]) -> None:
    worth, ended = baskets([*past, *live])

    def left(hours: int) -> int:
        due = {id: at + hours * HOUR_MS for id, at in worth.items()}
        return sum(MORNING_AT < at <= MORNING_AT + LIVE_MS and ended.get(id, at) >= at for id, at in due.items())

    assert left(20) >= DOZENS
    assert left(68) >= DOZENS // 2
    assert sum(id in ended for id in worth) >= DOZENS


def is_wet(sky: dict[str, dict[str, Any]], here: Point) -> bool:
    """As the engine answers: by the nearest centre of those that cover the point."""
    covering = [
        (far, area["raining"])
        for area in sky.values()
        if (far := point_at(area["lat"], area["lon"]).distance_m(here)) <= area["radius_m"]
    ]
    return bool(covering) and min(covering)[1]


def test_people_with_consent_walk_past_stores_in_the_rain(past: list[Happening], live: list[Happening]) -> None:
    sky: dict[str, dict[str, Any]] = {}
    gave: set[str] = set()
    caught: set[str] = set()
    for each in [*past, *live]:
        if isinstance(each, Change) and each.kind == "weather":
            sky.pop(each.id, None)
            if each.value is not None:
                sky[each.id] = each.value
        elif isinstance(each, Touch) and each.type == "consent.changed" and each.properties["topic"] == "location":
            (gave.add if each.properties["given"] else gave.discard)(each.customer)
        elif isinstance(each, Touch) and each.place and each.customer in gave and each.place["accuracy_m"] <= 100:
            here = point_at(each.place["lat"], each.place["lon"])
            if nearest_store(here).point.distance_m(here) <= 300 and is_wet(sky, here):
                caught.add(each.customer)
    assert len(caught) >= DOZENS


def test_rain_forms_falls_clears_and_is_no_more(live: list[Happening]) -> None:
    records = [each for each in live if isinstance(each, Change) and each.kind == "weather"]
    gone = {each.id for each in records if each.value is None}
    for id in gone & {each.id for each in records if each.value and not each.value["raining"]}:
        values = [each.value for each in records if each.id == id]
        assert values[-1] is None
    assert len(gone) >= 10
    told = [each.value for each in records if each.value is not None]
    assert {value["raining"] for value in told} == {True, False}
    assert all(set(value) == {"id", "lat", "lon", "radius_m", "at", "raining", "temperature_c"} for value in told)


def test_calls_wait_are_answered_and_are_served_elsewhere(live: list[Happening]) -> None:
    waited = {
        each.properties["call_id"]: each.customer
        for each in touches(live, "call.queued")
        if each.properties["waited_s"] >= 120
    }
    answered = {each.properties["call_id"] for each in touches(live, "call.answered")}
    assert len(waited) >= 2 * DOZENS
    assert len(waited.keys() & answered) >= 5
    assert len(waited.keys() - answered) >= DOZENS
    assert {each.properties["waited_s"] for each in touches(live, "call.queued")} == {60, 120}


def test_first_orders_and_long_silences(past: list[Happening], live: list[Happening]) -> None:
    orders: dict[str, list[int]] = defaultdict(list)
    for each in touches([*past, *live], "order.placed"):
        orders[each.customer].append(each.at)
    firsts = [of for of in orders.values() if of[0] > MORNING_AT]
    silent = [
        at + 90 * DAY_MS
        for of in orders.values()
        for at, following in zip(of, [*of[1:], MORNING_AT + DAY_MS * 365], strict=True)
        if following > at + 90 * DAY_MS
    ]
    assert len(firsts) >= DOZENS
    assert len([at for at in silent if MORNING_AT < at <= MORNING_AT + LIVE_MS]) >= DOZENS


def test_ways_follow_streets_and_cross_the_river_on_bridges() -> None:
    for start in STORES:
        for goal in STORES:
            way = route(start.point, goal.point)
            assert way[-1] == goal.point
            at = {point: crossing for crossing, point in CROSSINGS.items()}
            steps = [at[point] for point in way]
            for one, other in pairwise(steps):
                assert other in STREETS[one]
                north = [CROSSINGS[each].y > river_y(CROSSINGS[each].x) for each in (one, other)]
                assert north[0] == north[1] or one[0] in BRIDGES


def test_the_map_lies_where_it_should() -> None:
    assert 8 <= len(STORES) <= 12
    assert degrees(Point(WIDTH_M / 2, HEIGHT_M / 2)) == (48.8566, 2.3522)
    for store in STORES:
        lat, lon = degrees(store.point)
        assert point_at(lat, lon).distance_m(store.point) < 0.2
        assert abs(store.point.y - river_y(store.point.x)) > RIVER_WIDTH_M / 2


def task(number: int, customer: str, at: int) -> Work:
    return Work(at, f"task-{number}", customer, "call-back", "hotline", at + 30 * MINUTE_MS)


def fed(seed: int) -> list[Happening]:
    """A day in which everybody gets a reminder, an offer in the rain, and a call back."""
    town = Town(seed, 80)
    happened = town.advance(MORNING_AT + 2 * HOUR_MS)
    for number, person in enumerate(sorted(town.people)):
        town.received(Delivery(town.now, f"m{number}", person, "email", "basket-reminder"))
        town.received(Delivery(town.now, f"p{number}", person, "push", "umbrella-offer"))
        town.tasked(task(number, person, town.now))
    return happened + town.advance(MORNING_AT + DAY_MS)


def test_feedback_reproduces_and_is_told_in_the_order_of_time() -> None:
    first = fed(3)
    assert first == fed(3)
    assert [each.at for each in first] == sorted(each.at for each in first)


def test_messages_are_opened_clicked_and_obeyed_by_some() -> None:
    happened = fed(3)
    opened, clicked = touches(happened, "message.opened"), touches(happened, "message.clicked")
    assert 80 > len([each for each in opened if each.channel == "email"]) > 20
    assert len(opened) > len(clicked) > 20
    assert {each.properties["action_id"] for each in clicked} <= {each.properties["action_id"] for each in opened}
    alone = Town(3, 80).advance(MORNING_AT + DAY_MS)
    assert len(touches(happened, "store.visited")) > len(touches(alone, "store.visited"))


def test_agents_get_most_done_some_not_and_some_too_late() -> None:
    ends = touches(fed(3), "task.done", "task.no_answer")
    due_at = MORNING_AT + 2 * HOUR_MS + 30 * MINUTE_MS
    assert len(ends) == 80
    assert 5 < len([each for each in ends if each.type == "task.no_answer"]) < 35
    assert any(each.at > due_at for each in ends)
    assert any(each.at < due_at for each in ends)
    assert all(each.properties["outcome"] == each.type.removeprefix("task.") for each in ends)


def test_nobody_begins_with_a_closed_task() -> None:
    town = Town(3, 80)
    town.advance(MORNING_AT)
    for number, person in enumerate(sorted(town.people)):
        town.tasked(task(number, person, town.now))
        town.closed(f"task-{number}")
    begun = town.advance(MORNING_AT + 1)
    for number in range(80):
        town.closed(f"task-{number}")
    late = touches([*begun, *town.advance(MORNING_AT + DAY_MS)], "task.done", "task.no_answer")
    assert 0 < len(late) < 25
    assert all(each.properties["note"].endswith("late") for each in late)


def test_a_repeat_is_one_message_and_strangers_are_told() -> None:
    one, twice = Town(3, 20), Town(3, 20)
    for town, times in ((one, 1), (twice, 2)):
        town.advance(MORNING_AT)
        for person in town.people:
            for _ in range(times):
                town.received(Delivery(town.now, f"m-{person}", person, "email", "we-miss-you"))
    assert one.advance(MORNING_AT + DAY_MS) == twice.advance(MORNING_AT + DAY_MS)
    with pytest.raises(TownError, match="customer nobody: does not live in this town of 20"):
        one.received(Delivery(0, "m", "nobody", "email", "we-miss-you"))


def test_a_phone_tells_no_place_without_consent_save_that_of_an_old_app(
    past: list[Happening], live: list[Happening]
) -> None:
    old = {person.id for person in Town(1, 300).people.values() if person.old_app}
    gave: set[str] = set()
    strangers: set[str] = set()
    for each in touches([*past, *live], "consent.changed", "position.reported"):
        if each.type == "position.reported" and each.customer not in gave:
            strangers.add(each.customer)
        elif each.type == "consent.changed" and each.properties["topic"] == "location":
            (gave.add if each.properties["given"] else gave.discard)(each.customer)
    assert strangers
    assert strangers <= old
