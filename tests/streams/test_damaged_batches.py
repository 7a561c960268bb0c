"""A damaged batch in its lane: put aside in its turn, once, whole, and nothing else changes for it."""

import pytest
from rig import T0, Rig, with_email

from streams.touchpoints.deadletters import MAX_RAW_BYTES, dead_letter
from streams.touchpoints.forwards import decode_forward
from streams.touchpoints.record import Damaged, Rejected, origin


def damaged(topic: str, first: int, last: int, at: int = T0, raw: bytes | None = b"\x00raw") -> Damaged:
    return Damaged(f"t.{topic}", 0, first, last, at, raw, "damaged_batch", "the batch is damaged")


@pytest.mark.parametrize("topic", ["touchpoints.web", "touchpoints.rekeyed", "ticks"])
def test_it_is_one_dead_letter_and_the_position_goes_on_behind_it(topic: str) -> None:
    rig = Rig()
    rig.partition.offer(f"t.{topic}", 0, [damaged(topic, 0, 9)])
    rig.run()
    ((dead, out),) = rig.partition.dead
    assert dead == f"{topic}.dead"
    assert out.key == f"t.{topic}/0/0".encode()
    assert out.value == b"\x00raw"
    headers = dict(out.headers)
    assert (headers["code"], headers["first_offset"], headers["last_offset"]) == (b"damaged_batch", b"0", b"9")
    assert headers["reason"] == f"t.{topic}/0/0: the batch is damaged".encode()
    assert rig.partition.positions(1).offsets[f"{topic}/0"] == 10
    assert rig.partition.clock <= rig.wall.now


def test_what_lies_before_and_behind_is_applied_in_order() -> None:
    rig = Rig()
    with_email(rig, at=T0)
    rig.partition.offer("t.touchpoints.web", 0, [damaged("touchpoints.web", 1, 9, T0 + 1)])
    rig._offsets["touchpoints.web"] = 9
    rig.put("touchpoints.web", T0 + 2, "account.created")
    rig.run()
    assert rig.sent() == ["c1:hello"]
    assert len(rig.partition.dead) == 1
    assert rig.partition.positions(1).offsets["touchpoints.web/0"] == 11
    record = next(found for key in rig.processor.store if (found := rig.processor.store.get(key)) is not None)
    assert list(record.applied.values()) == [10]


def test_one_read_again_after_its_position_is_left_out() -> None:
    rig = Rig()
    for _ in range(2):
        rig.partition.offer("t.touchpoints.web", 0, [damaged("touchpoints.web", 0, 9)])
        rig.run()
    assert len(rig.partition.dead) == 1


def test_its_id_is_its_first_offset_wherever_reading_began() -> None:
    assert origin(damaged("touchpoints.web", 20, 29)) == "t.touchpoints.web/0/20"
    forward = decode_forward(damaged("touchpoints.rekeyed", 20, 29))
    assert forward == Rejected("damaged_batch", "t.touchpoints.rekeyed/0/20: the batch is damaged")


def test_a_larger_one_than_a_dead_letter_may_be_is_cut_and_one_not_served_is_empty() -> None:
    out = dead_letter(damaged("touchpoints.web", 0, 9, raw=b"x" * (MAX_RAW_BYTES + 1)), "damaged_batch", "")
    assert len(out.value or b"") == MAX_RAW_BYTES
    assert dict(out.headers)["value_bytes"] == b"%d" % (MAX_RAW_BYTES + 1)
    whole = dead_letter(damaged("touchpoints.web", 0, 9, raw=b"x" * MAX_RAW_BYTES), "damaged_batch", "")
    assert "value_bytes" not in dict(whole.headers)
    assert dead_letter(damaged("touchpoints.web", 0, 9, raw=None), "not_served", "").value is None
