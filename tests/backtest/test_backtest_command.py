"""`sillage backtest` at the command line: what it prints and writes, and a clear word on every bad input."""

import csv
import gzip
import json
import lzma
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from backtest.playing import AT, DAY_MS, DEFINITIONS, command, encoded, files, folder, known, touchpoint

EVENTS: list[Any] = [
    *known("c1"),
    touchpoint("basket.updated", "c1", AT, id="b1", basket_id="b1"),
    touchpoint("basket.updated", "c2", AT + 1000, id="b2", basket_id="b2"),
    touchpoint("order.placed", "c2", AT + 2000, id="o2", total=30.5),
    touchpoint("page.viewed", "c3", AT + 2 * DAY_MS),
]
SENT_AT = "2026-03-03T14:00:00.000Z"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return folder(tmp_path / "shop", files())


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return recording(tmp_path / "events.jsonl", EVENTS)


def recording(path: Path, found: list[Any]) -> Path:
    data = b"\n".join(encoded(found)) + b"\n"
    pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix)
    path.write_bytes(pack(data) if pack is not None else data)
    return path


def lines(*words: object) -> list[list[str]]:
    """The lines of a run that went well, as words."""
    result = command(*words)
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.output.splitlines()]


def refused(*words: object) -> str:
    """The one line of a run that did not begin, or came to nothing."""
    result = command(*words)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_the_summary_counts_by_journey_message_outcome_and_node(shop: Path, events: Path) -> None:
    said = command(shop, events, "--price", "email=0.001").output.splitlines()
    found = [line.split() for line in said]
    assert said[0].startswith(
        "played 6 of 6 events of 3 customers, 2026-03-02T17:59:59.000Z to 2026-03-04T18:00:00.000Z"
    )
    assert ["basket", "2", "1", "1", "0", "0", "1", "30.50", "0.001"] in found
    assert ["basket", "email", "reminder", "1"] in found
    assert ["basket", "converted", "1"] in found
    assert ["basket", "reminder", "sent", "1"] in found
    assert "messages per person and week: 1 in 1; the most 1, to c1 in the week of 2026-03-02" in said
    assert "cost of messages: 0.001" in said


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.xz", ".txt"])
def test_files_may_be_compressed(shop: Path, tmp_path: Path, ending: str) -> None:
    found = lines(shop, recording(tmp_path / f"events{ending}", EVENTS))
    assert ["basket", "email", "reminder", "1"] in found


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_out_has_a_row_for_each_thing_that_happened(shop: Path, events: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    lines(shop, events, "--out", out)
    rows = read(out)
    assert list(rows[0]) == [
        "customer", "journey", "version", "enrollment", "node", "what", "code", "at", "channel", "message", "revenue",
        "place",
    ]  # fmt: skip
    assert [row["what"] for row in rows if row["customer"] == "c1"] == ["entered", "waited", "woke", "sent", "waited"]
    sent = next(row for row in rows if row["what"] == "sent")
    assert (sent["at"], sent["channel"], sent["message"], sent["node"]) == (SENT_AT, "email", "reminder", "reminder")
    assert [row["revenue"] for row in rows if row["what"] == "goal"] == ["30.5"]
    assert not (tmp_path / f"out.{ending}.part").exists()


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file as texts, instants as in CSV."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    rows = pyarrow.parquet.read_table(path).to_pylist()
    return [{name: _text(value) for name, value in row.items()} for row in rows]


def _text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    return "" if value is None else str(value)


def test_two_versions_are_compared_person_by_person(shop: Path, events: Path, tmp_path: Path) -> None:
    before, diff = folder(tmp_path / "before", files("30h")), tmp_path / "diff.csv"
    result = command(shop, events, "--against", before, "--diff", diff, "--price", "email=2")
    assert result.exit_code == 0, result.output
    said = result.output.splitlines()
    assert f"against {before}: 1 of 3 persons differ" in said
    assert "  < 2026-03-04T00:00 -> 2026-03-03T14:00  sent email:reminder  basket" in said
    assert ["basket", "wait-30h", "woke", "1", "0", "-1"] in [line.split() for line in said]
    assert "cost of messages: 2 before, 2 after" in said
    (row,) = read(diff)
    assert (row["customer"], row["messages_earlier"], row["messages_lost"]) == ("c1", "1", "0")
    shown = command(shop, events, "--against", before, "--limit", "0").output
    assert "and 1 persons more; --limit shows more of them, --diff FILE holds all" in shown


def test_equal_versions_have_an_empty_diff(shop: Path, events: Path, tmp_path: Path) -> None:
    diff = tmp_path / "diff.parquet"
    result = command(shop, events, "--against", folder(tmp_path / "same", files()), "--diff", diff)
    assert "no difference, both do the same for every person" in result.output
    assert read(diff) == []


def test_places_and_weather_are_known_from_their_instant_on(tmp_path: Path) -> None:
    here = {"lat": 48.85, "lon": 2.32}
    at = [AT, AT + 60_000, AT + 120_000]
    person = touchpoint("consent.changed", "c1", AT - 1, topic="location", channel="app", given=True)
    push = touchpoint("consent.changed", "c1", AT - 1, topic="offers", channel="push", given=True)
    token = touchpoint("customer.updated", "c1", AT - 1, set={"push": "token"})
    positions = [touchpoint("position.reported", "c1", each, place=here) for each in at]
    path = recording(tmp_path / "events.jsonl", [person, push, token, *positions])
    around = recording(
        tmp_path / "context.jsonl",
        [
            {"id": "s1", "kind": "stores", "name": "Here", **here},
            {"id": "w", **here, "radius_m": 1000, "at": AT + 60_000, "raining": True},
        ],
    )
    out = tmp_path / "out.csv"
    lines(DEFINITIONS, path, "--journey", "umbrella", "--context", around, "--out", out)
    entered = [row for row in read(out) if row["what"] == "entered"]
    assert [row["at"] for row in entered] == ["2026-03-02T18:01:00.000Z"]
    without = command(DEFINITIONS, path, "--journey", "umbrella")
    assert "no --context: places and weather are absent in every condition" in without.output
    broken = recording(tmp_path / "broken.jsonl", [{"id": "s1", "kind": "stores", "lat": 95, "lon": 2}])
    assert "broken.jsonl:1: lat is 95, expected a number from -90 to 90" in refused(
        DEFINITIONS, path, "--context", broken
    )


RAIN = """
journey: rain
topic: offers
ttl: 1d
enter:
  on: position.reported
steps:
  - wait: 1h
  - choose:
      - when: weather(entry.meta.place).raining
        do:
          - exit: wet
      - else:
          - exit: dry
"""


def test_a_timer_due_before_the_weather_changes_sees_what_was_before(tmp_path: Path) -> None:
    here = {"lat": 48.85, "lon": 2.32}
    shop = folder(tmp_path / "shop", files(rain=RAIN))
    reported = [touchpoint("position.reported", f"c{hour}", AT + hour * 3_600_000, place=here) for hour in (0, 2, 5)]
    path = recording(tmp_path / "events.jsonl", reported)
    sky = {"id": "w", **here, "radius_m": 1000}
    changes = [{**sky, "at": AT - 1, "raining": True}, {**sky, "at": AT + 5_400_000, "raining": False}]
    out = tmp_path / "out.csv"
    lines(shop, path, "--journey", "rain", "--context", recording(tmp_path / "sky.jsonl", changes), "--out", out)
    assert [(row["customer"], row["code"]) for row in read(out) if row["what"] == "exited"] == [
        ("c0", "wet"),
        ("c2", "dry"),
    ]


def test_what_the_recording_does_not_tell_is_said(shop: Path, tmp_path: Path) -> None:
    clicked = touchpoint("message.clicked", "c1", AT, action_id="gone")
    silent = [touchpoint("basket.updated", "c1", AT, basket_id="b"), clicked, touchpoint("x", "c1", AT + 2 * DAY_MS)]
    said = command(shop, recording(tmp_path / "events.jsonl", silent)).output
    assert "the messages and tasks meant by message.clicked 1" in said
    assert "no consent.changed in the recording: nobody is known to have consented" in said
    assert "no customer.updated in the recording: nobody has an address or a zone" in said


def test_a_journey_alone_and_one_that_is_not_there(tmp_path: Path, events: Path) -> None:
    other = files()["journeys/basket.yaml"].replace("journey: basket", "journey: other")
    shop = folder(tmp_path / "two", files(other=other))
    said = command(shop, events, "--journey", "other").output
    assert "the other journeys of the folder are not played" in said
    assert "\nbasket" not in said
    assert refused(shop, events, "--journey", "baskat") == (
        "Error: journey baskat: not in the folder; did you mean `basket`?"
    )


def test_what_is_no_touchpoint_is_counted_and_told_with_its_line(shop: Path, tmp_path: Path) -> None:
    bad = [
        b'{"type": "page.viewed", "customer": "c1", "occurred_at": 1',
        b"[1]",
        {"type": "page.viewed", "occurred_at": AT},
        touchpoint("page.viewed", "c1", "soon"),
        touchpoint("consent.changed", "c1", AT),
        b"",
        touchpoint("page.viewed", "c1", 9_999_999_999_999),
    ]
    said = command(shop, recording(tmp_path / "events.jsonl", [*EVENTS, *bad])).output
    assert said.splitlines()[0].startswith("played 6 of 12 events of 3 customers")
    told = "no touchpoints: 6 (bad_instant 2, malformed 1, missing_field 1, no_customer 1, not_object 1)"
    assert told in said
    assert "events.jsonl:7: the value is not JSON: Expecting" in said
    assert "events.jsonl:10: occurred_at is 'soon', expected ISO 8601" in said
    assert "lies in the future" not in said, "only the first five are told"


def test_an_event_in_the_future_is_no_recorded_one_unless_until_says_so(shop: Path, tmp_path: Path) -> None:
    future = recording(tmp_path / "events.jsonl", [touchpoint("page.viewed", "c1", "2100-01-01T00:00:00Z")])
    assert "lies in the future; say --until" in refused(shop, future)
    assert lines(shop, future, "--until", "2100-01-02")[0][:4] == ["played", "1", "of", "1"]


def test_nothing_to_play_is_an_error(shop: Path, events: Path, tmp_path: Path) -> None:
    assert "nothing to play: expected EVENTS, --orders or --topic; give one of them" in refused(shop)
    empty = recording(tmp_path / "empty.jsonl", [])
    assert "empty.jsonl: no event is there, expected at least one within it" in refused(shop, empty)
    assert "6 events lie outside the range" in refused(shop, events, "--from", "2027-01-01")
    assert "6 events lie outside the range" in refused(shop, events, "--until", "2020-01-01")
    junk = recording(tmp_path / "junk.jsonl", [b"junk", b"{}"])
    assert "none of 2 records is a touchpoint; the first: " in refused(shop, junk)


def test_a_range_of_instants(shop: Path, events: Path) -> None:
    found = lines(shop, events, "--from", "2026-03-02T18:00:00Z", "--to", "2026-03-02T18:00:02Z")
    assert found[0][:4] == ["played", "2", "of", "6"]
    assert ["4", "events", "lie", "outside", "--from", "and", "--to,", "and", "were", "left", "out"] in found


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_a_compressed_file_that_is_cut_off_is_an_error(shop: Path, tmp_path: Path, ending: str) -> None:
    path = recording(tmp_path / f"events.jsonl{ending}", EVENTS * 50)
    path.write_bytes(path.read_bytes()[:-40])
    assert f"expected a whole {ending}, copy it anew" in refused(shop, path)


def test_an_unsorted_file_is_sorted_within_the_window_and_else_told(shop: Path, tmp_path: Path) -> None:
    unsorted = recording(tmp_path / "events.jsonl", [*EVENTS[2:], *EVENTS[:2]])
    assert ["basket", "email", "reminder", "1"] in lines(shop, unsorted)
    said = command(shop, unsorted, "--window", "1").output
    assert "2 events came too late to be put in order, by up to" in said
    assert "sort the recording, or raise --window" in said


def test_a_csv_that_holds_no_orders_is_an_error(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("a,b\n1,2\n")
    assert "the header is 'a,b', expected 'InvoiceNo," in refused(shop, path)


def test_faulty_definitions_are_told_whole(events: Path, tmp_path: Path) -> None:
    broken = folder(tmp_path / "broken", {**files(), "journeys/basket.yaml": "journey: basket\nttl: soon\n"})
    assert "broken: the definitions have faults" in refused(broken, events)


def test_files_that_cannot_be_written_are_told_before_the_play(
    shop: Path, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "out.txt: ends in .txt, expected .csv or .parquet" in refused(shop, events, "--out", tmp_path / "out.txt")
    assert "there is no folder" in refused(shop, events, "--out", tmp_path / "no" / "out.csv")
    assert "--diff is of two versions" in refused(shop, events, "--diff", tmp_path / "diff.csv")
    assert "--price email: expected a channel and its price" in refused(shop, events, "--price", "email")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = refused(shop, events, "--out", tmp_path / "out.parquet")
    assert "pyarrow is not installed" in said
    assert "pip install 'sillage[backtest]', or write .csv" in said


def test_a_player_that_dies_is_told(shop: Path, events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.backtest.crew._END", json.dumps("unread").encode())
    said = refused(shop, events, "--jobs", "2")
    assert "ended early" in said or "ended with" in said
