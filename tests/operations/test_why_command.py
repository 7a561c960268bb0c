"""`sillage why` on a real Kafka: one person among others, repeats, a touchpoint without a key, and who is unknown."""

import json
from pathlib import Path

import msgspec
from jsonschema import Draft202012Validator
from operations.conftest import Sillage, put
from whylife import WhyLife

from engine.event import Event
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.broker.publish import Out
from streams.definitions.shelf import CURRENT, blob_key, canonical, release_key
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "why.schema.json").read_text(encoding="utf-8"))


def lived() -> WhyLife:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=24.0)
    life.event("basket.updated", basket_id="b1", value=80.0)
    life.advance("1d")
    return life


def touchpoint(event: Event, *, keyed: bool) -> Out:
    properties, at = event.properties, event.occurred_at
    out = encode_touchpoint(Touchpoint(event.type, "anna", id=event.id, occurred_at=at, properties=properties))
    return out if keyed else out._replace(key=None)


def store(settings: Settings, life: WhyLife) -> None:
    at, key = home("anna", 2), b"anna"
    release = life.shelf.release
    assert release is not None
    blobs = [Out(blob_key(blob), blob) for blob in life.shelf.blobs.values()]
    put(settings, "definitions", 0, *blobs, Out(release_key(release.n), canonical(release)), Out(CURRENT, b"1"))
    traces = [msgspec.json.encode(each) for each in life.traces]
    others = [Out(b"berta", raw.replace(b"anna", b"berta")) for raw in traces]
    put(settings, "decisions", at, *others, *(Out(key, raw) for raw in (*traces, *traces)))
    first, second = life.events
    put(settings, "touchpoints.web", at, touchpoint(first, keyed=False), touchpoint(second, keyed=True))
    put(settings, "state", at, Out(marker_key("a"), b""), Out(key, encode(Record(life.customer), 0)))


def test_a_person_is_found_among_others_and_who_is_not_there_is_told(house: Settings, sillage: Sillage) -> None:
    life = lived()
    store(house, life)
    told = sillage("why", "anna").stdout
    for line in (
        "  19:00:00  basket.updated by web, which led to no decision: basket_id b1, value 24.0",
        "              event.value is 24.0, wanted >= 30",
        "            basket: Entered “Basket left behind” for b1",
        "            Refused to send reminder by email: there is no consent",
    ):
        assert told.splitlines().count(line) == 1, told
    asked = sillage("why", "anna", "--journey", "basket").stdout
    assert "because refused to send reminder by email: there is no consent" in asked.splitlines()[0]
    found = json.loads(sillage("why", "anna", "--journey", "basket", "--json").stdout)
    Draft202012Validator(SCHEMA).validate(found)
    assert found["absence"]["causes"][0]["code"] == "consent"
    whole = sillage("why", "anna", "--at", "2026-03-03T14:00Z").stdout
    assert whole.startswith("Tuesday 3 March 2026 15:00:00: decision ")
    assert f"version: {life.catalog.current['basket'].version}" in whole
    refused = sillage("why", "otto", code=1)
    assert "customer otto: nothing is known of them" in refused.output
    assert "see the spelling" in refused.output
    missing = sillage("why", "anna", "--journey", "baskets", code=1)
    assert "journey baskets: not in use; `sillage journeys` lists those that are" in missing.output
