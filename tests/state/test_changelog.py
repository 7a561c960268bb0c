"""Which records of a changelog count (docs/protocol.md 1.4), and which customers must be written again."""

from state.changelog import ACCEPT, POSITIONS, Fold, Positions, encode_positions, foreign, marker_key, router_key
from state.codec import decode, encode
from state.record import Record


def value(epoch: int, seq: int) -> bytes:
    return encode(Record(None, out_seq=seq), epoch)


def fold(*records: tuple[bytes, bytes]) -> Fold:
    found = Fold()
    for offset, (key, content) in enumerate(records):
        found.feed(offset, key, content)
    return found


def latest(found: Fold, key: bytes) -> int:
    return decode(found.latest[key]).out_seq


def test_the_last_record_of_the_epoch_counts() -> None:
    found = fold((marker_key("a"), b""), (b"c1", value(0, 1)), (b"c1", value(0, 2)))
    assert latest(found, b"c1") == 2
    assert found.to_heal == []


def test_a_record_of_an_older_epoch_behind_a_marker_is_ignored_and_its_customer_healed() -> None:
    found = fold((marker_key("a"), b""), (b"c1", value(0, 1)), (marker_key("b"), b""), (b"c1", value(0, 2)))
    assert latest(found, b"c1") == 1
    assert found.to_heal == [b"c1"]


def test_a_write_of_the_new_owner_heals() -> None:
    found = fold(
        (marker_key("a"), b""), (b"c1", value(0, 1)), (marker_key("b"), b""), (b"c1", value(0, 2)), (b"c1", value(2, 3))
    )
    assert latest(found, b"c1") == 3
    assert found.to_heal == []


def test_an_ignored_record_alone_leaves_no_state() -> None:
    found = fold((marker_key("a"), b""), (marker_key("b"), b""), (b"c1", value(0, 1)))
    assert b"c1" not in found.latest
    assert found.to_heal == []


def test_positions_count_by_the_same_rule() -> None:
    first = Positions(0, {"touchpoints.web/0": 5}, {"touchpoints.web/0": "id"}, 9)
    stale = Positions(0, {"touchpoints.web/0": 8}, {"touchpoints.web/0": "id"}, 9)
    found = fold(
        (marker_key("a"), b""),
        (POSITIONS, encode_positions(first)),
        (marker_key("b"), b""),
        (POSITIONS, encode_positions(stale)),
    )
    assert found.mark.positions == first
    assert found.mark.marker == 2


def test_an_acceptance_behind_the_positions_is_seen() -> None:
    first = Positions(0, {}, {})
    found = fold((marker_key("a"), b""), (POSITIONS, encode_positions(first)), (ACCEPT, b""))
    assert found.mark.accept_offset > found.mark.positions_offset


def test_keys_of_ours_are_no_customer_ids() -> None:
    assert foreign(marker_key("x"))
    assert not foreign(router_key("3"))
    for key in (marker_key("x"), router_key("3"), POSITIONS, ACCEPT):
        assert key[:1] == b"\xff"
