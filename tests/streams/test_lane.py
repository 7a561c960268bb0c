"""What a lane has in hand, in rows and in bytes."""

from collections.abc import Sequence

import pytest

from streams.lane import HOLD_BYTES, HOLD_ROWS, Lane
from streams.touchpoints.record import Row

MB = 1 << 20
NAME = "touchpoints.web"


@pytest.fixture
def lane() -> Lane:
    return Lane(NAME, NAME, 0, "topic-id", 0, lambda _upto: False)


def rows(first: int, sizes: Sequence[int]) -> list[Row]:
    return [Row(NAME, 0, first + number, 0, b"k", b"x" * size) for number, size in enumerate(sizes)]


def test_the_bytes_of_an_offer_go_with_its_last_row(lane: Lane) -> None:
    lane.offer(rows(0, [MB, MB, MB]))
    lane.offer(rows(3, [5]))
    assert lane.size == 3 * MB + 5
    lane.drop(2)
    assert (lane.size, lane.next, len(lane)) == (3 * MB + 5, 2, 2)
    lane.drop(1)
    assert (lane.size, lane.next, len(lane)) == (5, 3, 1)
    lane.drop(1)
    assert (lane.size, lane.next, len(lane)) == (0, 4, 0)


def test_several_offers_go_at_once_and_a_part_of_the_next_is_remembered(lane: Lane) -> None:
    for number in range(3):
        lane.offer(rows(2 * number, [10, 20]))
    lane.drop(5)
    assert lane.size == 30
    lane.drop(1)
    assert lane.size == 0


def test_rows_applied_before_count_neither_as_rows_nor_as_bytes(lane: Lane) -> None:
    lane.offer(rows(0, [7, 7]))
    lane.drop(2)
    lane.offer(rows(0, [7, 7, 9]))
    assert (lane.size, len(lane)) == (9, 1)
    lane.drop(1)
    assert lane.size == 0


def test_few_large_rows_fill_it_and_it_is_hungry_once_they_are_gone(lane: Lane) -> None:
    lane.offer(rows(0, [MB] * (HOLD_BYTES // MB)))
    assert not lane.full
    lane.offer(rows(len(lane), [1]))
    assert lane.full and len(lane) < HOLD_ROWS // 2
    lane.drop(len(lane) - 1)
    assert lane.hungry and not lane.full


def test_a_row_without_value_takes_no_bytes(lane: Lane) -> None:
    lane.offer([Row(NAME, 0, 0, 0, b"k", None), *rows(1, [3])])
    assert lane.size == 3
