"""Plan and story follow from the seed, hold every fault, and keep the promises on which the oracle relies."""

from collections import Counter, defaultdict

import msgspec
from chaos.faults import FAULTS
from chaos.plan import SECONDS, make_plan
from chaos.sound import sound_evidence
from chaos.story import EAGER, LAZY, Story, Touch

from engine.customer import SEEN_IDS
from streams.touchpoints.home import home


def told(seed: int, count: int = 3_000) -> list[Touch]:
    story = Story(seed, 20, 4)
    return [*story.introduction(), *(story.next(EAGER if number % 2 else LAZY) for number in range(count))]


def test_a_seed_gives_one_plan_and_one_story() -> None:
    assert make_plan(7, 40) == make_plan(7, 40)
    assert make_plan(7, 40) != make_plan(8, 40)
    assert make_plan(7, 40)[:9] == make_plan(7, 9)
    assert told(7) == told(7)
    assert told(7) != told(8)


def test_every_fault_has_its_function_and_comes_before_any_comes_again() -> None:
    assert FAULTS.keys() == SECONDS.keys()
    planned = [round_.fault for round_ in make_plan(3, 3 * len(FAULTS))]
    for begin in range(0, len(planned), len(FAULTS)):
        assert set(planned[begin : begin + len(FAULTS)]) == set(FAULTS)


def test_at_least_half_of_the_rounds_are_lazy() -> None:
    for rounds in range(1, 30):
        assert sum(round_.lazy for round_ in make_plan(rounds, rounds)) * 2 >= rounds


def test_what_needs_an_order_has_one_road_and_the_rest_goes_astray_now_and_then() -> None:
    touches = [touch for touch in told(1) if touch.trace]
    for touch in touches:
        customer = msgspec.json.decode(touch.out.value or b"")["customer"]
        if touch.ordered:
            assert (touch.topic, touch.partition) == ("touchpoints.web", home(customer, 4))
    free = [touch for touch in touches if not touch.ordered]
    astray = [touch for touch in free if touch.partition != home(customer_of(touch), 4)]
    assert 0.05 < len(astray) / len(free) < 0.15
    assert {touch.out.key for touch in astray} == {None, b"somebody else"}
    assert {touch.topic for touch in free} == {"touchpoints.web", "touchpoints.app"}


def customer_of(touch: Touch) -> str:
    return str(msgspec.json.decode(touch.out.value or b"")["customer"])


def test_repeats_come_while_their_ids_are_remembered() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    repeats = 0
    for touch in told(1):
        if touch.trace:
            before = places[customer_of(touch)]
            if touch.trace in before:
                repeats += 1
                assert len(before) - before.index(touch.trace) < SEEN_IDS
            before.append(touch.trace)
    assert repeats > 50


def test_a_lazy_mix_seldom_leads_to_an_action() -> None:
    story = Story(1, 20, 4)
    types = Counter(msgspec.json.decode(touch.out.value)["type"] for touch in lazy(story) if touch.trace)
    sending = sum(types[name] for name in ("order.placed", "card.used", "parcel.shipped", "cart.paid"))
    assert sending < 0.12 * types.total()


def lazy(story: Story) -> list[Touch]:
    return [story.next(LAZY) for _ in range(2_000)]


def test_no_customer_comes_near_a_limit_of_the_engine() -> None:
    """What falls out of a list would make the outcome depend on the order in which timers and events are applied."""
    evidence = sound_evidence(5, 1_500)
    for row in evidence.rows["decisions"]:
        assert b'"code":"max_live"' not in (row.value or b"")
        assert b'"what":"error"' not in (row.value or b"")
