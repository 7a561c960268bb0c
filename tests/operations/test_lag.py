"""`sillage lag`: the changelog's own positions say what is applied, those of the last owner only."""

import json
from collections.abc import Iterable

from operations.conftest import Sillage, put
from pytest import MonkeyPatch

from state.changelog import POSITIONS, Positions, encode_positions, marker_key
from streams.broker.publish import Out
from streams.broker.topics import topic_ids
from streams.operations import lag as room
from streams.operations.lag import Tail
from streams.settings import Settings
from streams.touchpoints.record import Row


def positions(epoch: int, at: int, topic_id: str = "") -> Out:
    """How far `touchpoints.web/0` is."""
    told = {"touchpoints.web/0": topic_id} if topic_id else {}
    return Out(POSITIONS, encode_positions(Positions(epoch, {"touchpoints.web/0": at}, told)))


def lags(sillage: Sillage, topic: str, *words: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in sillage("lag", "--json", *words).stdout.splitlines()]
    return [each for each in found if each["topic"] == topic]


def test_what_the_last_owner_applied_counts(house: Settings, sillage: Sillage, monkeypatch: MonkeyPatch) -> None:
    web, actions = house.topic("touchpoints.web"), house.topic("actions")
    assert [each["applied"] for each in lags(sillage, web)] == [None, None]
    put(house, "touchpoints.web", 0, *(Out(b"c", b"{}") for _ in range(5)))
    assert "nothing says how far" in sillage("lag", "--max-seconds", "9", code=1).stderr
    topic_id = topic_ids(house)[web]
    put(
        house,
        "state",
        0,
        Out(marker_key("a"), b""),
        positions(0, 1),
        Out(marker_key("b"), b""),
        positions(2, 3, topic_id),
    )
    put(house, "state", 0, positions(0, 4), *(Out(b"c", b"\x02" + bytes(17)) for _ in range(20)))
    put(house, "state", 1, Out(marker_key("c"), b""), Out(POSITIONS, encode_positions(Positions(0, {}, {}))))
    for tail in (2_000, 3):
        monkeypatch.setattr(room, "TAIL_RECORDS", tail)
        first, second = lags(sillage, web)
        assert (first["end"], first["applied"], first["records"], first["owner"]) == (5, 3, 2, None)
        assert 0 < first["seconds"] < 300
        assert (second["applied"], second["records"], second["seconds"]) == (0, 0, 0)
    put(house, "actions", 0, Out(b"c", b"{}"))
    assert [each["records"] for each in lags(sillage, actions)] == [1, 0]
    assert sillage("lag", "--max-seconds", "600")
    assert "the greatest lag is" in sillage("lag", "--max-seconds", "0", code=1).stderr
    assert house.topic("ticks") in sillage("lag", "--behind").stdout


def test_a_topic_made_anew_has_no_known_position(house: Settings, sillage: Sillage) -> None:
    put(house, "touchpoints.web", 0, Out(b"c", b"{}"))
    put(house, "state", 0, Out(marker_key("a"), b""), positions(0, 1, "another"))
    assert lags(sillage, house.topic("touchpoints.web"))[0]["applied"] is None


def test_positions_of_a_former_owner_do_not_count() -> None:
    def rows(*outs: Out) -> Iterable[Row]:
        return [Row("t", 0, 10 + number, 0, out.key, out.value) for number, out in enumerate(outs)]

    tail = Tail()
    tail.take(rows(positions(4, 7)))
    assert tail.positions is not None and tail.positions.offsets == {"touchpoints.web/0": 7}
    tail.take(rows(positions(3, 99), positions(4, 8)))
    assert tail.positions.offsets == {"touchpoints.web/0": 8}
    tail.take(rows(Out(marker_key("b"), b""), positions(4, 98)))
    assert tail.positions.offsets == {"touchpoints.web/0": 8}
    tail.take(rows(positions(10, 9)))
    assert tail.positions.offsets == {"touchpoints.web/0": 9}
