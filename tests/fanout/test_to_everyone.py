"""What may be said to everyone: the door takes it, or says why not."""

import pytest
from records import binary, decoder, event, record, refused

from streams.touchpoints.reserved import LARGEST_TO_EVERYONE, MODELS, PERSONAL, EnginesOwn

DROPPED = {"type": "price.dropped", "customer": "*", "id": "b1", "occurred_at": 5, "properties": {"sku": "s1"}}


def test_a_touchpoint_to_everyone_is_an_event_like_others() -> None:
    found = event(DROPPED)
    assert (found.customer, found.id, found.type, found.properties) == ("*", "b1", "price.dropped", {"sku": "s1"})


def test_the_record_key_and_the_subject_of_a_cloudevent_name_everyone_too() -> None:
    assert event({"type": "price.dropped"}, key=b"*").customer == "*"
    assert decoder().decode(binary({"sku": "s1"}, subject="*", type="price.dropped")).customer == "*"  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", sorted(kind for kind in PERSONAL if MODELS[kind] is not EnginesOwn))
def test_what_is_about_one_person_cannot_be_said_to_everyone(kind: str) -> None:
    likely = {"set": {"a": 1}, "topic": "t", "channel": "c", "given": False, "action_id": "a", "task_id": "t", "at": 5}
    more = {"call_id": "c", "code": "x", "text": "t", "identifiers": {"email": "a@b"}}
    found = refused({"type": kind, "customer": "*", "place": {"lat": 1, "lon": 2}, "properties": likely | more})
    assert found.code == "not_for_everyone"


def test_everyone_has_no_identifiers() -> None:
    assert refused(DROPPED | {"identifiers": {"crm": "7"}}).code == "not_for_everyone"


def test_what_every_partition_remembers_is_small() -> None:
    assert refused(DROPPED | {"properties": {"a": "x" * LARGEST_TO_EVERYONE}}).code == "too_large"
    assert event(DROPPED | {"customer": "c1", "properties": {"a": "x" * LARGEST_TO_EVERYONE}}).customer == "c1"


def test_a_fan_out_is_stopped_in_every_partition_or_not_at_all() -> None:
    stop = {"type": "fanout.stop", "properties": {"id": 12.0}}
    assert event(stop | {"customer": "*"}).properties == {"id": "12"}
    assert refused(stop | {"customer": "c1"}).code == "not_for_one"
    assert refused(stop | {"customer": "*", "properties": {}}).code == "missing_field"


def test_a_customer_with_a_star_in_the_name_is_one_person() -> None:
    assert event({"type": "customer.erased", "customer": "**"}).customer == "**"
    assert record(DROPPED).key is None
