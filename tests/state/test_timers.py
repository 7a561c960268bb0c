"""The timer index: the earliest due first, moved and cleared timers forgotten, memory bounded."""

import random

from state.timers import TimerIndex


def drain(timers: TimerIndex, upto: int) -> list[tuple[int, str]]:
    found = []
    while (due := timers.pop(upto)) is not None:
        found.append(due)
    return found


def test_due_timers_come_in_order_of_instant_then_customer() -> None:
    timers = TimerIndex()
    for customer, at in (("b", 5), ("a", 5), ("c", 3), ("d", 9)):
        timers.set(customer, at)
    assert drain(timers, 5) == [(3, "c"), (5, "a"), (5, "b")]
    assert timers.next_due() == 9


def test_a_moved_timer_fires_once_at_its_new_instant() -> None:
    timers = TimerIndex()
    timers.set("a", 5)
    timers.set("a", 8)
    assert drain(timers, 7) == []
    assert drain(timers, 9) == [(8, "a")]


def test_a_timer_moved_back_and_forth_fires_once() -> None:
    timers = TimerIndex()
    for at in (5, 8, 5):
        timers.set("a", at)
    assert drain(timers, 10) == [(5, "a")]


def test_a_cleared_timer_never_fires() -> None:
    timers = TimerIndex()
    timers.set("a", 5)
    timers.set("a", 0)
    assert timers.next_due() == 0
    assert drain(timers, 10) == []
    assert len(timers) == 0


def test_timers_moved_a_thousand_times_do_not_pile_up() -> None:
    timers = TimerIndex()
    for at in range(1, 10_001):
        timers.set("a", at)
    assert len(timers._heap) < 200


def test_agrees_with_a_plain_dictionary() -> None:
    draw = random.Random(7)
    timers, plain = TimerIndex(), dict[str, int]()
    for _ in range(3_000):
        customer, at = f"c{draw.randrange(40)}", draw.randrange(0, 50)
        timers.set(customer, at)
        if at:
            plain[customer] = at
        else:
            plain.pop(customer, None)
        if draw.random() < 0.1:
            upto = draw.randrange(50)
            due = sorted((at, customer) for customer, at in plain.items() if at <= upto)
            assert drain(timers, upto) == due
            for _, customer in due:
                del plain[customer]
