"""`sillage dead`: letters are listed, shown without harm to a terminal, and put back once."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
from operations.conftest import Sillage, append, put

from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import partition_counts
from streams.operations.letters import read_letters
from streams.operations.replay import replay
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter
from streams.touchpoints.decoder import Decoder, Rejected
from streams.touchpoints.record import Damaged, Record, Row

EVENT = b'{"type": "order.placed", "customer": "c1", "properties": {}}'
EVIL = b'{"type": "\x1b[2J\xc2\x9b31m\xe2\x80\xae"'


def row(settings: Settings, offset: int, value: bytes | None = EVENT, **more: object) -> Row:
    """A record of `touchpoints.web`, partition 1."""
    given = {"timestamp": 1000, "key": b"c1", **more}
    return Row(settings.topic("touchpoints.web"), 1, offset, value=value, **given)  # type: ignore[arg-type]


def bury(settings: Settings, *letters: Out, topic: str = "touchpoints.web") -> None:
    put(settings, f"{topic}.dead", 0, *letters)


def letters(sillage: Sillage, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in sillage("dead", "list", "--json", *words).stdout.splitlines()]


def back(settings: Settings) -> list[Record]:
    """What stands on `touchpoints.web` now."""

    async def rows() -> list[Record]:
        found = read_all(settings.kafka, settings.topic("touchpoints.web"), 1)
        return [each async for some in found for each in some]

    return asyncio.run(rows())


def test_letters_are_listed_with_place_origin_and_reason(house: Settings, sillage: Sillage) -> None:
    assert sillage("dead", "list").stderr == "no dead letter\n"
    first, second = row(house, 41, b"{"), row(house, 42, b"[]", headers=(("code", b"mine"), ("trace", b"t1")))
    bury(
        house,
        dead_letter(first, "malformed", "no JSON; send JSON"),
        dead_letter(first, "malformed", "no JSON; send JSON"),
    )
    bury(house, dead_letter(second, "not_object", "an array; send an object"))
    bury(house, dead_letter(second, "undecided", "elsewhere"), topic="ticks")
    found = {str(each["place"]).removeprefix(house.topic("")): each for each in letters(sillage)}
    assert list(found) == ["touchpoints.web.dead/0/0", "touchpoints.web.dead/0/2", "ticks.dead/0/0"]
    told = found["touchpoints.web.dead/0/0"]
    assert (told["origin"], told["code"], told["size"]) == (house.topic("touchpoints.web/1/41"), "malformed", 1)
    assert (told["repeats"], told["reason"]) == (1, "no JSON; send JSON")
    assert found["touchpoints.web.dead/0/2"]["code"] == "not_object"
    for words in (("touchpoints.web",), (house.topic("touchpoints.web.dead"),), ("--code", "not_object")):
        assert house.topic("touchpoints.web.dead/0/2") in {each["place"] for each in letters(sillage, *words)}
    assert [each["code"] for each in letters(sillage, "ticks")] == ["undecided"]
    assert len(letters(sillage, "--since", "1h")) == 3
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    assert letters(sillage, "--since", tomorrow) == []
    assert "touchpoints.nowhere.dead: not there" in sillage("dead", "list", "touchpoints.nowhere", code=1).stderr


def test_nothing_that_acts_on_a_terminal_is_printed(house: Settings, sillage: Sillage, tmp_path: Path) -> None:
    evil = row(house, 7, EVIL, key=b"\xff\x00\x07", headers=(("x\x1b]0;t\x07", EVIL),))
    bury(house, dead_letter(evil, "malformed", EVIL.decode()))
    place = house.topic("touchpoints.web.dead/0/0")
    shown = sillage("dead", "show", place, "--out", str(tmp_path / "raw"))
    listed = sillage("dead", "list")
    for text in (shown.output, listed.output, sillage("dead", "list", "--json").output):
        assert all(each.isprintable() or each == "\n" for each in text), text
    assert r"\x1b[2J\x9b31m\u202e" in shown.stdout
    assert "00000000  ff 00 07" in shown.stdout
    assert (tmp_path / "raw").read_bytes() == EVIL
    by_origin = sillage("dead", "show", "touchpoints.web/1/7")
    assert by_origin.stdout == shown.stdout


def test_a_letter_goes_back_once_with_its_bytes_key_headers_and_id(house: Settings, sillage: Sillage) -> None:
    died = row(house, 5, key=None, headers=(("trace", b"t1"), ("content-type", b"application/json")))
    bury(house, dead_letter(row(house, 4), "undecided", "a"), dead_letter(died, "undecided", "b"))
    place = house.topic("touchpoints.web.dead/0/1")
    assert "would go back" in sillage("dead", "replay", place, "--dry-run").stdout
    assert back(house) == []
    assert sillage("dead", "replay", place).stdout == f"{place}: back as {house.topic('touchpoints.web/1/0')}\n"
    (found,) = back(house)
    assert (found.key, found.value) == (None, EVENT)
    mark = ("replayed_from", house.topic("touchpoints.web/1/5").encode())
    assert list(found.headers) == [*died.headers, mark]
    decoder = Decoder(found.topic, "web", lambda: 0)
    before, now = decoder.decode(died), decoder.decode(found)
    assert not isinstance(before, Rejected) and not isinstance(now, Rejected)
    assert (now.id, now.named) == (before.id, True)
    assert [each["notes"][-1][2] for each in letters(sillage) if each["notes"]] == [house.topic("touchpoints.web/1/0")]
    refused = sillage("dead", "replay", place, code=1)
    assert "was put back already, as" in refused.stdout
    assert len(back(house)) == 1
    sillage("dead", "replay", place, "--again")
    assert len(back(house)) == 2


def test_all_of_a_code_go_back_and_what_cannot_is_told(house: Settings, sillage: Sillage) -> None:
    web = house.topic("touchpoints.web")
    damaged = Damaged(web, 1, 20, 29, 1000, b"raw", "damaged_batch", "checksum")
    bury(house, *(dead_letter(row(house, number), "undecided", "x") for number in range(3)))
    bury(house, dead_letter(row(house, 9), "malformed", "x"), dead_letter(damaged, "damaged_batch", "x"))
    bury(house, dead_letter(row(house, 8, b"x" * ((16 << 20) + 1)), "too_large", "x"))
    bury(house, Out(b"k", b"by hand"))
    done = sillage("dead", "replay", "--topic", "touchpoints.web", "--code", "undecided")
    assert done.stderr == "3 put back, 0 left\n"
    assert [mark for found in back(house) for mark in found.headers] == [
        ("replayed_from", f"{web}/1/{number}".encode()) for number in range(3)
    ]
    whys = {
        f"{web}/1/20": "a whole batch that was damaged, offsets 20 to 29, which cannot be put back by record",
        f"{web}/1/8": "too large to be kept whole",
        f"{web}.dead/0/6": "no process of ours wrote it",
        f"{web}/1/0": "was put back already",
    }
    for place, why in whys.items():
        assert why in sillage("dead", "replay", place, code=1).stdout, place
        assert "not to be replayed: " in sillage("dead", "show", place).stdout
    assert len(back(house)) == 3
    for topic, key in (("context.places", b"s1"), ("touchpoints.rekeyed", b"c1")):
        lost = Row(house.topic(topic), 0, 3, 1000, key, b"{}")
        bury(house, dead_letter(lost, "context", "x"), topic=topic)
        assert "left: it " in sillage("dead", "replay", f"{topic}/0/3", code=1).stdout


def test_a_replay_whose_end_is_not_known_is_not_repeated_by_itself(house: Settings, sillage: Sillage) -> None:
    bury(house, dead_letter(row(house, 4), "undecided", "a"))
    key = house.topic("touchpoints.web/1/4").encode()
    bury(house, Out(key, None, [("code", b"replaying"), ("nonce", b"other")]))
    assert "nobody knows whether it came there" in sillage("dead", "replay", "touchpoints.web/1/4", code=1).stdout
    assert "begun, not known" in sillage("dead", "list").stdout


async def test_of_two_replays_at_once_one_puts_it_back(house: Settings) -> None:
    await append(house, "touchpoints.web.dead", 0, dead_letter(row(house, 4), "undecided", "a"))
    publisher = KafkaPublisher(house.kafka)
    await publisher.start()
    try:
        async with Sweep(house.kafka) as sweep:
            found = await read_letters(sweep, partition_counts(house))
            first = await replay(sweep, publisher, found.listed(), found.ends)
            second = await replay(sweep, publisher, found.listed(), found.ends)
    finally:
        await publisher.stop()
    assert [bool(outcome.to) for outcome in (*first, *second)] == [True, False]
    assert second[0].why == "another replay of it is under way"


@pytest.mark.parametrize(
    "words", [(), ("--topic", "touchpoints.web"), ("t/0/0", "--topic", "t", "--code", "c"), ("t/0/0", "--code", "c")]
)
def test_what_is_meant_must_be_said(house: Settings, sillage: Sillage, words: tuple[str, ...]) -> None:
    assert "give the places of letters" in sillage("dead", "replay", *words, code=1).stderr


@pytest.mark.parametrize("place", ["web", "web/1", "web/x/1", os.sep])
def test_a_place_that_is_none_is_said(house: Settings, sillage: Sillage, place: str) -> None:
    assert "expected TOPIC/PARTITION/OFFSET" in sillage("dead", "show", place, code=1).stderr
