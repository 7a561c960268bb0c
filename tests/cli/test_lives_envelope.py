"""What a life writes beside an event is what stands beside it on the wire: id, source, instant, identifiers."""

import re
from pathlib import Path

import pytest

from cli.lives import Seen, play
from journeys.lives import read_lives
from journeys.load import load_project
from streams.driver import catalog_of

PAGE = (Path(__file__).parents[2] / "docs" / "testing-journeys.md").read_text(encoding="utf-8")
JOURNEY = """
journey: j
topic: offers
ttl: 9d
late: 2h
enter: {on: began, again: always}
steps:
  - choose:
      - when: event.meta.id == "shop o-1" && event.id == "mine" && customer.hour == event.meta.occurred_at
        do: [{exit: known}]
      - else: [{exit: other}]
"""
HEAD = "journey: j\n---\nlife: one\ncustomer: {{timezone: Europe/Paris, attributes: {{hour: {hour}}}}}\nplay:\n"
FIRST = "  - at: 2026-03-28T18:00\n"
HOUR = 3_600_000
AT = 1_774_717_200_000
"""18:00 in Paris, on the evening before the clocks move."""
CATALOG = catalog_of(load_project({"project.yaml": "zone: UTC\n", "journeys/j.yaml": JOURNEY}))


def seen(play_: str, hour: int = 0) -> Seen:
    text = HEAD.format(hour=hour) + play_ + "expect: {}\n"
    (life,), problems = read_lives("lives/j.yaml", text)
    assert problems == []
    return play(life, CATALOG)


def outcomes(play_: str, hour: int = 0) -> list[str]:
    return [outcome for _, outcome in seen(play_, hour).outcomes]


EVENT = "    event: {type: began, id: mine}\n"


@pytest.mark.parametrize(
    ("said", "occurred"),
    [
        ("-1h", AT - HOUR),
        ("+5m", AT + 300_000),
        ("2026-03-28T17:30", AT - HOUR // 2),
        ("2026-03-28T17:00Z", AT),
        ("+3h", AT),
    ],
)
def test_id_source_and_instant_are_those_of_the_envelope(said: str, occurred: int) -> None:
    beside = f"    id: o-1\n    source: shop\n    occurred_at: {said}\n"
    assert outcomes(FIRST + beside + EVENT, occurred) == ["known"]
    assert outcomes(FIRST + beside + EVENT, occurred + 1) == ["other"]
    assert outcomes(FIRST + beside.replace("source: shop", "channel: store") + EVENT, occurred) == ["other"]


def test_days_before_are_days_of_the_calendar() -> None:
    later = FIRST.replace("28T18:00", "29T18:00")
    assert outcomes(f"{later}    id: o-1\n    source: shop\n    occurred_at: -1d\n{EVENT}", AT) == []
    found = seen(f"{later}    occurred_at: -1d\n{EVENT}")
    assert [trace.input["event"]["occurred_at"] for trace in found.traces][-1] == AT


def test_the_same_id_counts_once_and_one_of_another_source_is_another() -> None:
    twice = f"{FIRST}    id: o-1\n{EVENT}  - after: 1h\n    id: o-1\n{EVENT}"
    assert outcomes(twice) == ["other"]
    assert outcomes(twice.replace("1h\n    id", "1h\n    source: shop\n    id")) == ["other", "other"]


def test_an_event_that_comes_late_enters_nobody() -> None:
    assert outcomes(f"{FIRST}    occurred_at: -3h\n{EVENT}") == []
    assert outcomes(f"{FIRST}    occurred_at: -1h\n{EVENT}") == ["other"]


def test_identifiers_stay_with_the_customer() -> None:
    play_ = f"{FIRST}    identifiers: {{loyalty: L-77}}\n    event: {{type: identity.linked}}\n"
    found = seen(play_)
    assert found.dead == [] and found.traces[-1].input["event"]["identifiers"] == {"loyalty": "L-77"}
    assert len(seen(play_.replace("    identifiers: {loyalty: L-77}\n", "")).dead) == 1


FAULTS = {
    "id: x": "`id` is of an event",
    "source: x": "`source` is of an event",
    "occurred_at: -1h": "`occurred_at` is of an event",
    "identifiers: {loyalty: x}": "`identifiers` is of an event",
    "channel: web": "`channel` is of an event",
}


@pytest.mark.parametrize("line", FAULTS)
def test_what_is_of_an_event_needs_one(line: str) -> None:
    _, problems = read_lives("lives/j.yaml", HEAD.format(hour=0) + f"{FIRST}    {line}\nexpect: {{}}\n")
    assert problems[0].code == "J006" and problems[0].message.startswith(FAULTS[line])
    assert problems[0].line == 7


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("source: shop", "`source` is one half of an id"),
        ("occurred_at: soon", "`occurred_at` must be an instant or an offset"),
        ("occurred_at: -3 hours", "`occurred_at` must be an instant or an offset"),
    ],
)
def test_a_fault_beside_an_event_has_its_place_and_cure(line: str, what: str) -> None:
    (problem,) = read_lives("lives/j.yaml", HEAD.format(hour=0) + f"{FIRST}    {line}\n{EVENT}expect: {{}}\n")[1]
    assert problem.message.startswith(what) and problem.hint.startswith("write ") and problem.line == 7


def test_the_life_of_the_page_goes_as_written() -> None:
    files = dict(re.findall(r"^`([a-z/.-]+)`\n\n```\w+\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL))
    (text,) = re.findall(
        r"```yaml\n(.*?)```", PAGE.partition("## As on the wire\n")[2].partition("\n## ")[0], re.DOTALL
    )
    lives, problems = read_lives("lives/welcome.yaml", f"journey: welcome\n{text}", "Europe/Paris")
    assert problems == []
    found = play(lives[0], catalog_of(load_project(files)))
    assert (found.sent, [outcome for _, outcome in found.outcomes]) == (lives[0].expect.sent, lives[0].expect.outcomes)
