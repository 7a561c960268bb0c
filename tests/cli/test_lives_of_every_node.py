"""Lives through a journey that has every node: what the engine says it passed is what the flow knows, and all of it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.lives import play
from cli.livesfolder import read_lives_at
from cli.main import main
from cli.passed import passed
from journeys.coverage import ENTER, EXIT
from journeys.flow.read import EXPIRED, TIMED_OUT, flow_of
from journeys.flow.shape import every_stop, every_way
from journeys.model import VERBS
from streams.driver import catalog_of

JOURNEY = """
journey: all
topic: offers
ttl: 90d
holdout: 10%
enter:
  - on: visit.started
  - enters_segment: gold
exit:
  - {on: order.placed, where: event.total <= 100, as: ordered}
  - {on: order.placed, where: event.total > 100, as: spent}
steps:
  - wait: 0s
  - tag: seen
  - untag: new
  - set: {vars.n: 0}
  - answer: shop
    do: [{set: {vars.told: true}}]
    else: [{set: {vars.told: false}}]
  - best_offer: shop
    else: [{set: {vars.nothing: true}}]
  - wait_until: customer.renewal_on
    at: "09:00"
    else: [{emit: renewal.unknown}]
  - split: subject
    arms:
      a: {weight: 50, do: [{send: hello, channels: [push, email], when_blocked: {else: [{exit: unwanted}]}}]}
      b: {weight: 50}
  - wait_for:
      - {on: message.clicked}
      - {when: 'customer.tier == "gold"', do: [{add: {customer.points: 10}}]}
    within: 1d
    do: [{add: {vars.n: 1}}]
  - repeat: 2
    until: vars.n >= 3
    do: [{wait: 1h}, {add: {vars.n: 1}}]
    else: [{add: {vars.n: 5}}]
  - parallel: both
    join: any
    branches:
      quick: {do: [{wait: 2h}]}
      slow: {do: [{wait: 3h}]}
  - digest: page.viewed
    for: 1d
    else: [{set: {vars.none: true}}]
  - call: scores
    within: 10m
    as: score
    else: [{set: {vars.score: 0}}]
  - start: other
    join: yes
    within: 1h
    else: [{set: {vars.late: true}}]
  - task: call-back
    queue: hotline
    due: 1h
    outcomes: {done: {do: [{exit: reached}]}}
  - choose:
      - {when: vars.n > 3, do: [{wait: 1m}]}
      - else: [{wait: 2m}]
"""
OTHER = """
journey: other
topic: offers
ttl: 1d
enter: {called: yes}
steps: [{choose: [{when: customer.slow == true, do: [{wait: 2h}]}, {else: []}]}]
"""
FILES = {
    "project.yaml": "zone: UTC\nservices: {scores: {url: 'https://scores.example/'}}\n",
    "segments/gold.yaml": 'segment: gold\nwhen: customer.tier == "gold"\n',
    "offers/shop.yaml": (
        "catalog: shop\noffers: {hello: {message: hello, channel: push, eligible: customer.slow == true}}\n"
    ),
    "faq/shop.yaml": "faq: shop\nentries: {open: {questions: {en: [When are you open?]}, answers: {en: At nine.}}}\n",
    "journeys/all.yaml": JOURNEY,
    "journeys/other.yaml": OTHER,
    "messages/hello/message.yaml": "subject: Hello\n",
    "messages/hello/email.txt": "Hello.\n",
    "messages/hello/push.yaml": "title: Hello\nbody: Hello.\n",
}
LIFE = """---
life: {name}
customer: {{consent: {{offers: [{channels}]}}, attributes: {{{attributes}}}}}
arms: {{subject: {arm}}}
play:
  - at: 2026-03-02T18:00
    event: {{type: {first}}}
{steps}  - after: 80d
expect: {{outcomes: [{outcome}]}}
"""


def life(
    name: str,
    outcome: str = "completed",
    *steps: tuple[str, str],
    channels: str = "email",
    attributes: str = "",
    arm: str = "a",
    first: str = "visit.started",
) -> str:
    more = "".join(f"  - after: {after}\n    event: {{{event}}}\n" for after, event in steps)
    return LIFE.format(
        name=name, outcome=outcome, steps=more, channels=channels, attributes=attributes, arm=arm, first=first
    )


CLICK = ("3d", "type: message.clicked, message: hello")
LIVES = [
    life("no date, refused", "unwanted", channels=""),
    life("nothing comes", attributes="slow: true"),
    life("orders a little", "ordered", ("1h", "type: order.placed, total: 10"), arm="b"),
    life(
        "asks, and orders much", "spent", ("1m", "type: visit.started"), ("1h", "type: order.placed, total: 200"),
        arm="b", first="message.replied, text: When are you open?",
    ),
    life("becomes gold", "completed", arm="b", first="customer.updated, set: {tier: gold}"),
    life(
        "the date comes, and all is answered", "reached", CLICK, ("5h", "type: page.viewed"),
        ("23h 5m", "type: call.done, body: 7"), ("10m", "type: task.done"),
        attributes='renewal_on: "2026-03-05"',
    ),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {**FILES, "lives/all.yaml": "journey: all\n" + "".join(LIVES)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path) -> str:
    return CliRunner().invoke(main, ["test", str(folder), "--coverage"]).output


def test_the_journey_has_every_node_that_can_be_played() -> None:
    nodes = {entry for entry in VERBS if re.search(rf"(- |{{){entry}:", JOURNEY)}
    assert set(VERBS) == nodes


def test_lives_reach_every_node_and_way(folder: Path) -> None:
    output = run(folder)
    assert f"{len(LIVES)} passed, 0 failed" in output, output
    assert "coverage of all: 100.0 % (60 of 60)" in output, output
    assert "coverage of other: 100.0 % (5 of 5)" in output, output


@pytest.mark.parametrize("place", range(len(LIVES)))
def test_without_a_life_something_is_not_reached(folder: Path, place: int) -> None:
    (folder / "lives/all.yaml").write_text("journey: all\n" + "".join(LIVES[:place] + LIVES[place + 1 :]))
    assert "no life reaches" in run(folder)


def test_what_the_engine_says_was_passed_is_known_to_the_flow(folder: Path) -> None:
    lives = read_lives_at(folder)
    flow = flow_of(lives.folder.journeys["all"].model)
    stops = {
        stop.name: {"", "0", TIMED_OUT, EXPIRED, *(way.key for way in every_way(stop.ways))}
        for stop in every_stop(flow)
    }
    stops |= {ENTER: {"0", "1"}, EXIT: {"0", "1"}, "": {""}}
    catalog = catalog_of(lives.folder)
    for each in lives.lives:
        for trace in play(each, catalog).traces:
            for name, key in passed(trace, "all"):
                assert key in stops[name], f"{each.name}: {name}, {key}"
