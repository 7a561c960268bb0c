"""The timer index: the earliest due first, moved and cleared timers forgotten, memory bounded."""

import random
import sys

from state.timers import NEVER, TimerIndex

NOW = 1_700_000_000_000
HOUR = 3_600_000


class Timers:
    """An index, with what a record remembers beside it: when its key was due last."""

    def __init__(self) -> None:
        self.index = TimerIndex()
        self.due: dict[bytes, int] = {}

    def set(self, key: str, due_at: int) -> None:
        self.index.set(key.encode(), self.due.get(key.encode(), 0), due_at)
        self.due[key.encode()] = due_at

    def drain(self, upto: int) -> list[tuple[int, str]]:
        found = []
        while (due := self.index.pop(upto)) is not None:
            found.append((due[0], due[1].decode()))
            self.due[due[1]] = 0
        return found


def test_due_timers_come_in_order_of_instant_then_key() -> None:
    timers = Timers()
    for key, at in (("b", 5), ("a", 5), ("c", 3), ("d", 9)):
        timers.set(key, at)
    assert timers.drain(5) == [(3, "c"), (5, "a"), (5, "b")]
    assert timers.index.next_due() == 9


def test_a_moved_timer_fires_once_at_its_new_instant() -> None:
    for later in (8, 5 + HOUR, 5 + 100 * HOUR):
        timers = Timers()
        timers.set("a", 5)
        timers.set("a", later)
        assert timers.drain(7) == []
        assert timers.drain(later + 1) == [(later, "a")]


def test_a_timer_moved_back_and_forth_fires_once() -> None:
    timers = Timers()
    for at in (5, 8, 5, HOUR, 5, 9 * HOUR, 5):
        timers.set("a", at)
    assert timers.drain(10 * HOUR) == [(5, "a")]


def test_what_is_overdue_is_counted_where_its_bucket_of_time_is_over() -> None:
    timers = Timers()
    for key, at in (("a", NOW), ("b", NOW + 1_000), ("c", NOW + 2 * HOUR), ("d", NOW + 100 * HOUR)):
        timers.set(key, at)
    assert [timers.index.overdue(at) for at in (NOW - HOUR, NOW + 2 * HOUR, NOW + 5 * HOUR)] == [0, 2, 3]
    timers.drain(NOW)
    assert [timers.index.overdue(at) for at in (NOW + 1_000, NOW + 1_001, NOW + 5 * HOUR)] == [0, 1, 2]


def test_a_cleared_timer_never_fires() -> None:
    for at in (5, NOW, NOW + 100 * HOUR):
        timers = Timers()
        timers.set("a", at)
        timers.set("a", 0)
        assert timers.index.next_due() == 0
        assert timers.index.earliest == NEVER
        assert timers.drain(at + 1) == []
        assert len(timers.index) == 0


def test_a_timer_of_the_past_set_after_later_ones_were_reached_fires_first() -> None:
    timers = Timers()
    timers.set("a", NOW + 2)
    timers.set("z", NOW + 100 * HOUR)
    assert timers.drain(NOW + HOUR) == [(NOW + 2, "a")]
    timers.set("late", NOW - HOUR)
    timers.set("soon", NOW + HOUR + 1)
    assert timers.index.earliest <= NOW - HOUR
    assert timers.drain(NOW + 200 * HOUR) == [
        (NOW - HOUR, "late"),
        (NOW + HOUR + 1, "soon"),
        (NOW + 100 * HOUR, "z"),
    ]


def test_nothing_is_due_before_the_earliest() -> None:
    draw = random.Random(5)
    timers = Timers()
    clock = NOW
    for _ in range(2_000):
        timers.set(f"c{draw.randrange(60)}", draw.choice([0, clock + draw.randrange(300 * HOUR)]))
        due = [at for at in timers.due.values() if at]
        assert timers.index.earliest <= min(due, default=NEVER)
        if draw.random() < 0.2:
            clock += draw.randrange(20 * HOUR)
            timers.drain(clock)


def test_timers_moved_a_thousand_times_do_not_pile_up() -> None:
    timers = Timers()
    timers.drain(NOW)
    for step in range(1, 10_001):
        timers.set("a", NOW - step)
        timers.set("b", NOW + step * HOUR)
    index = timers.index
    held = len(index._heap) + len(index._now) + sum(map(len, [*index._near.values(), *index._far.values()]))
    assert held < 200
    assert len(index._near) + len(index._far) <= 2


def test_agrees_with_a_plain_dictionary() -> None:
    draw = random.Random(7)
    for span in (50, 60_000, 1000 * HOUR):
        timers, plain = Timers(), dict[str, int]()
        clock = 0
        for _ in range(3_000):
            key, at = f"c{draw.randrange(40)}", draw.choice([0, clock + draw.randrange(span)])
            timers.set(key, at)
            if at:
                plain[key] = at
            else:
                plain.pop(key, None)
            if draw.random() < 0.1:
                clock += draw.randrange(span // 4)
                due = sorted((at, key) for key, at in plain.items() if at <= clock)
                assert timers.drain(clock) == due
                for _, key in due:
                    del plain[key]
            assert len(timers.index) == len(plain)
            if draw.random() < 0.05:
                assert timers.index.next_due() == min(plain.values(), default=0)


def test_a_hundred_thousand_timers_over_a_month_take_less_than_their_share_of_150_mb() -> None:
    draw = random.Random(3)
    index = TimerIndex()
    keys = [b"c%d" % number for number in range(100_000)]
    index.load((key, NOW + draw.randrange(30 * 24 * HOUR)) for key in keys)
    buckets = [*index._far.values(), *index._near.values(), index._now]
    held = sum(map(sys.getsizeof, [*buckets, index._heap])) + 32 * len(index)
    assert held < 15_000_000
