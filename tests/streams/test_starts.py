"""Where the inputs of a partition go on after a take-over."""

import pytest
from rig import Rig

from state.changelog import ACCEPT, POSITIONS, Fold, Mark, encode_positions, marker_key
from streams.recovery import RecoveryError, starts

SPOT = ("t.touchpoints.web", 0)


def marked(offset: int | None, topic_id: str = "id", *, accepted: bool = False) -> Mark:
    fold = Fold()
    fold.feed(0, marker_key("a"), b"")
    if offset is not None:
        rig = Rig()
        rig.partition.lanes[SPOT].next = offset
        positions = rig.partition.positions(0)
        positions.topic_ids["touchpoints.web/0"] = topic_id
        fold.feed(1, POSITIONS, encode_positions(positions))
        if accepted:
            fold.feed(2, ACCEPT, b"")
    return fold.mark


@pytest.mark.parametrize(
    ("offset", "committed", "default", "expected"),
    [
        (7, {SPOT: 3}, "latest", 7),
        (None, {SPOT: 4}, "latest", 4),
        (None, {}, "latest", 9),
        (None, {}, "earliest", 2),
        (None, {SPOT: 1}, "latest", 2),
    ],
)
def test_inputs_go_on_at_the_positions_else_at_the_group_else_as_told(
    offset: int | None, committed: dict[tuple[str, int], int], default: str, expected: int
) -> None:
    found = starts(marked(offset), {SPOT: "touchpoints.web/0"}, {SPOT[0]: "id"}, {SPOT: (2, 9)}, committed, default)
    assert found == {SPOT: expected}


def test_a_topic_first_seen_after_the_first_take_over_is_read_from_its_start() -> None:
    new = ("t.touchpoints.chat", 0)
    found = starts(marked(7), {new: "touchpoints.chat/0"}, {}, {new: (3, 9)}, {new: 8}, "latest")
    assert found == {new: 3}


@pytest.mark.parametrize(
    ("offset", "topic_id", "words", "accepted_at"),
    [
        (1, "id", "its log holds 2 to 9", 2),
        (12, "id", "its log holds 2 to 9", 9),
        (7, "another", "created anew", 2),
    ],
)
def test_a_position_that_the_log_does_not_hold_stops_with_the_cure(
    offset: int, topic_id: str, words: str, accepted_at: int
) -> None:
    given = ({SPOT: "touchpoints.web/0"}, {SPOT[0]: "id"}, {SPOT: (2, 9)}, {}, "latest")
    with pytest.raises(RecoveryError, match=words) as told:
        starts(marked(offset, topic_id), *given)
    assert "sillage state reset-positions" in str(told.value)
    assert starts(marked(offset, topic_id, accepted=True), *given) == {SPOT: accepted_at}
