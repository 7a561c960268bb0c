"""What cannot be processed goes to `<topic>.dead` with its reason; the good events between are decided."""

import json
import time
import urllib.request
from typing import Any

from breakable import House, calm, event, people, thanks
from waiting import until

from local.ports import free_port
from streams.broker.publish import Out

TEN_MB = b'{"type":"order.placed","customer":"big","properties":{"x":"' + b"x" * 10_000_000 + b'"}}'
DAY = 86_400_000


def touchpoint(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


BAD: list[tuple[Out, str, str]] = [
    (Out(None, b"\x00\xff{not json"), "malformed", "JSON"),
    (Out(None, b""), "empty", "send"),
    (Out(None, b"[1, 2]"), "not_object", "object"),
    (Out(None, touchpoint(type=7, customer="a")), "wrong_type", "type"),
    (Out(None, touchpoint(type="order.placed", customer="a", properties="none")), "wrong_type", "properties"),
    (Out(None, touchpoint(type="order.placed", customer="a", occurred_at="yesterday")), "bad_instant", "occurred_at"),
    (Out(None, touchpoint(type="order.placed")), "no_customer", "nobody is named"),
    (Out(None, touchpoint(customer="a")), "missing_field", "type"),
    (Out(None, touchpoint(type="consent.changed", customer="a", properties={})), "missing_field", "topic"),
    (Out(b"big", TEN_MB), "too_large", "10000062"),
    (Out(None, touchpoint(specversion="0.3", id="1", source="shop", type="x")), "cloudevents", "specversion"),
    (Out(None, b"{}", [("ce_specversion", b"1.0"), ("ce_type", b"x"), ("ce_id", b"1")]), "cloudevents", "source"),
    (Out(None, b"{}", [("ce_specversion", b"1.0"), ("ce_type", b"\xff\xfe")]), "cloudevents", "UTF-8"),
]
"""Records with the code of their dead letter and a word of its reason."""


def metric(port: int, name: str) -> float:
    """The sum of a metric over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


async def test_bad_records_are_dead_letters_and_the_good_ones_between_are_decided(house: House) -> None:
    customers = people(len(BAD))
    port = house.worker.settings.metrics_port = free_port()
    house.start()
    await house.introduce(customers)
    for customer, (bad, _, _) in zip(customers, BAD, strict=True):
        await house.publish([bad, event(customer, "order.placed")])
    await house.delivered(thanks(customers))
    assert house.worker.alive
    assert set(house.mails()) == set(thanks(customers))
    assert set(house.mails().values()) == {1}

    await until(lambda: metric(port, "sillage_dead_letters_total") >= len(BAD))
    dead = await house.records("touchpoints.web.dead")
    letters = [dict(record.headers) for record in dead]
    assert sorted(record.value for record in dead) == sorted(bad.value or b"" for bad, _, _ in BAD)
    for _, code, word in BAD:
        found = [letter for letter in letters if letter["code"].decode() == code and word in letter["reason"].decode()]
        assert found, (code, word, letters)
    calm(house.worker.log)


async def test_instants_far_ahead_are_set_back_and_very_old_ones_are_late(house: House) -> None:
    port = house.worker.settings.metrics_port = free_port()
    house.start()
    await house.introduce(["ahead", "old", "now"])
    now = time.time_ns() // 1_000_000
    ahead = touchpoint(id="1", type="order.placed", customer="ahead", occurred_at=now + 365 * DAY)
    old = touchpoint(id="2", type="order.placed", customer="old", occurred_at="1971-01-01T00:00:00Z")
    await house.publish([Out(b"ahead", ahead), Out(b"old", old), event("now", "order.placed")])
    await house.delivered(thanks(["ahead", "now"]))
    await until(lambda: metric(port, "sillage_clamped_instants_total") == 1)
    (decided,) = {one["decided_at"] for one in await house.values("actions") if one["customer"] == "ahead"}
    assert abs(decided - now) < 60_000
    assert house.worker.stop() == 0
    assert set(house.mails()) == set(thanks(["ahead", "now"]))
    calm(house.worker.log)
