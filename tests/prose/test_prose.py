"""Journeys in plain language: what is simple is said in words, nothing is left out, no text becomes markup."""

import re
from pathlib import Path
from typing import Any

import anyjourney
import pytest
from anyjourney import JOURNEYS, journey_of
from hypothesis import given, settings

from journeys.flow.read import flow_of
from journeys.flow.shape import every_stop
from journeys.model import TRIGGERS, VERBS, Journey
from journeys.prose.conditions import condition_words
from journeys.prose.html import html
from journeys.prose.page import Example, Reading, page, plain
from journeys.prose.steps import listed
from journeys.prose.triggers import how_it_ends, what_is_measured, who_enters


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("event.value >= 30", "the value is at least 30"),
        ("!(event.value >= 30)", "the value is less than 30"),
        ("event.value < 2.5", "the value is less than 2.5"),
        ('customer.tier != "gold"', "the person's tier is not “gold”"),
        ("event.waited_s > 120", "the waited is more than 120 s"),
        ("customer.staff == true", "the person's staff is true"),
        ("vars.opened", "the noted opened is true"),
        ("!event.test", "the test is not true"),
        ("event.basket_id == entry.basket_id", "the basket id is the same as at entry"),
        ("event.basket_id != entry.basket_id", "the basket id is not the same as at entry"),
        ("event.total > entry.value", "the total is more than the value at entry"),
        ('event.meta.channel in ["web", "app"]', "the channel is one of “web”, “app”"),
        ('!(event.page in ["basket"])', "the page is not one of “basket”"),
        ("has(customer.push)", "the person's push is known"),
        ("!has(customer.push)", "the person's push is not known"),
        ('consented("offers", "push")', "consent was given for offers by push"),
        ('!consented("offers", "push")', "consent was not given for offers by push"),
        ('in_segment("staff")', "the person is in the segment staff"),
        ('near(customer.place, "stores", 300)', "one of the stores lies within 300 m"),
        ('!near(customer.place, "stores", 300)', "none of the stores lies within 300 m"),
        ("weather(customer.place).raining", "it rains there"),
        ('count("order.placed", "30d") >= 2', "the number of `order.placed` within 30d is at least 2"),
        (
            'sum("order.placed", "total", "30d") > 100',
            "the sum of the total of `order.placed` within 30d is more than 100",
        ),
        ('days_since("order.placed") > 90', "the number of days since the last `order.placed` is more than 90"),
        ("event.a > 1 && event.b > 2", "the a is more than 1 and the b is more than 2"),
        ("event.a > 1 || has(event.b)", "the a is more than 1 or the b is known"),
    ],
)
def test_what_is_simple_is_said_in_words(source: str, words: str) -> None:
    assert condition_words(source) == words


@pytest.mark.parametrize(
    "source",
    [
        "event.a > 1 && (event.b > 2 || event.c > 3)",
        "event.a + 1 > 2",
        "event.lines.exists(line, line.sku == 1)",
        "size(event.lines) > 2",
        "event.a > 1 ? true : false",
        "event.a >",
        "true",
    ],
)
def test_what_is_not_simple_stays_as_it_is_written(source: str) -> None:
    assert condition_words(source) == ""


def written(**more: Any) -> Journey:
    given: dict[str, Any] = {"journey": "one", "topic": "offers", "ttl": "14d", "enter": [{"on": "a"}], "on_error": []}
    return journey_of({**given, "steps": [{"exit": "done"}], **more})


@pytest.mark.parametrize(
    ("node", "lines"),
    [
        (
            {"wait": "20h", "between": "09:00-20:00", "restart_on": "basket.updated"},
            [
                "1. Waits 20 hours, then until the next moment between 09:00 and 20:00 in the person's zone."
                " Begins anew with each `basket.updated`."
            ],
        ),
        (
            {"wait_until": {"weekday": ["monday", "friday"], "at": "09:00"}, "hours": "shop"},
            ["1. Waits until the next Monday or Friday at 09:00 in the person's zone, then until **shop** is open."],
        ),
        (
            {"wait_until": "customer.renewal_on", "offset": "-7d", "past": "skip"},
            [
                "1. Waits until 7 days before `customer.renewal_on`."
                " A date that is past already: leaves out the next step."
            ],
        ),
        (
            {"wait_for": [{"on": "a", "where": "event.x == 1"}, {"when": 'in_segment("b")'}], "within": "1d 12h"},
            [
                "1. Waits at most 1 day 12 hours for the first of these.",
                "    - When `a` comes and the x is 1: goes on below.",
                "    - When the person is in the segment b: goes on below.",
                "    - If it does not come within 1 day 12 hours: goes on below.",
            ],
        ),
        (
            {"send": "hello", "channels": ["push", "email"], "when_blocked": {"else": [{"exit": "refused"}]}},
            [
                "1. Sends **hello** by the first that is allowed of push or email.",
                "    - If it may not be sent:",
                "        1. Leaves as **refused**.",
            ],
        ),
        (
            {"split": "subject", "arms": {"a": {"weight": 90}, "b": {"weight": 10, "control": True}}},
            [
                "1. Compares ways in the experiment **subject**; a person keeps the way drawn.",
                "    - 90%: **a**: goes on below.",
                "    - 10%: **b** (control): goes on below.",
            ],
        ),
        *(
            (
                {
                    "split": "s",
                    "arms": {"a": {"weight": 100}},
                    "winner": {"method": method, "min_exposures": 2000, **more},
                },
                [
                    f"1. Compares ways in the experiment **s**; a person keeps the way drawn.{told}",
                    "    - 100%: **a**: goes on below.",
                ],
            )
            for method, more, told in (
                ("fixed", {}, ""),
                (
                    "z-test",
                    {},
                    " Once each way was met by 2,000 people, it is looked once: if one reaches the goal clearly "
                    "more often, new people go it.",
                ),
                (
                    "sequential",
                    {"floor": "5%"},
                    " Once each way was met by 2,000 people, and as soon as one reaches the goal clearly more often, "
                    "new people go it; each way keeps at least 5%.",
                ),
                (
                    "thompson",
                    {"floor": "10%"},
                    " Once each way was met by 2,000 people, new people go the more often the way that is the more "
                    "probably the best; each way keeps at least 10%.",
                ),
            )
        ),
        (
            {"parallel": "both", "join": {"first": 1}, "branches": {k: {"do": [{"tag": k}]} for k in ("x", "y")}},
            [
                "1. Goes several ways at once, and on when 1 are at the end.",
                "    - **x**:",
                "        1. Tags the person `x`.",
                "    - **y**:",
                "        1. Tags the person `y`.",
            ],
        ),
    ],
)
def test_a_node_is_said_in_a_sentence(node: dict[str, Any], lines: list[str]) -> None:
    assert list(listed(written(steps=[node]).steps)) == lines


def test_who_enters_and_how_it_ends() -> None:
    enter = {
        "on": "basket.updated",
        "where": "event.value >= 30",
        "unless": ["customer.staff == true", 'in_segment("x")'],
    }
    journey = written(
        enter=[{**enter, "key": "event.basket_id", "again": "7d after entry"}],
        exit=[{"on": ["a", "b"], "where": "event.x == 1", "as": "gone"}],
        goal={"on": "order.placed", "within": "5d", "revenue": "event.total"},
        holdout="5%",
    )
    assert who_enters(journey) == [
        "Whoever `basket.updated` comes from, if the value is at least 30."
        " Not if the person's staff is true or the person is in the segment x."
        " Each `event.basket_id` has a run of its own."
        " The same person with the same `event.basket_id` may enter again 7 days after entry."
    ]
    assert how_it_ends(journey) == [
        "At once when `a` or `b` comes, if the x is 1: **gone**. What has not left yet does not leave.",
        "At the end of the steps: **completed**. At the latest 14 days after entry: **expired**.",
    ]
    assert what_is_measured(journey) == [
        "Reached when `order.placed` comes within 5 days of entry. Its revenue is `event.total`.",
        "5% of all people are the control group: they enter, are measured, and get nothing.",
    ]


@settings(max_examples=100, deadline=None)
@given(JOURNEYS)
def test_every_node_and_trigger_has_its_sentence(journey: Journey) -> None:
    lines = list(listed(journey.steps)) + list(listed(journey.on_error))
    numbered = [line for line in lines if line.lstrip()[0].isdigit()]
    assert len(numbered) >= len(list(every_stop(flow_of(journey))))
    assert len(who_enters(journey)) == len(journey.enter if isinstance(journey.enter, list) else [journey.enter])


def test_every_node_and_trigger_of_the_language_is_drawn() -> None:
    source = Path(anyjourney.__file__).read_text(encoding="utf-8")
    assert [name for name in (*VERBS, *TRIGGERS) if not re.search(rf'_with\(\s*"{name}"', source)] == []


HOSTILE = "<script>alert(1)</script> `x` *y* [z](http://evil) | # 1"


def test_a_page_reads_nobody_s_text_as_markup() -> None:
    journey = written(title=HOSTILE)
    reading = Reading("m", "email", "marketing", HOSTILE, f"{HOSTILE}\n\n# {HOSTILE}\n    code", "As one reads it.")
    text = page(journey, [reading], [Example(HOSTILE, ["nothing"])], "")
    found = html(text, HOSTILE)
    assert "<script" not in found
    assert "<a href" not in found
    assert "<em>" not in found
    assert found.count("<h1>") == 1
    assert found.count("&lt;script&gt;alert(1)&lt;/script&gt; `x` *y* [z](http://evil) | # 1") == 5 + 1
    assert plain("a  b\nc") == "a b c"
    assert "<b>" not in html("<b>bold</b>\n\ntext <i>i</i>", "t")
