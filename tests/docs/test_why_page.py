"""docs/why.md: its journey is played, and what the command would print is what the page shows."""

import json
import re
from pathlib import Path

import msgspec
from whylife import FILES, WhyLife

from engine.why.page import whole
from engine.why.story import nearest
from journeys.load import load_project

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "why.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^```sh\n([^\n]+)\n```\n\n```(?:text|json)\n(.*?)\n^```$", PAGE, re.DOTALL | re.MULTILINE))
WRITTEN = dict(re.findall(r"^`([a-z/.]+)`\n\n```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


def story() -> WhyLife:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=24.0)
    life.advance("5m")
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80.0)
    life.advance("1h")
    life.event("page.viewed", page="/tea")
    life.event("page.viewed", page="/cups")
    life.advance("20h")
    life.receipt()
    return life


def small_basket() -> WhyLife:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=24.0)
    return life


def test_the_journey_of_the_page_is_the_one_that_is_played() -> None:
    assert WRITTEN["journeys/basket.yaml"] == FILES["journeys/basket.yaml"]
    project = load_project({**FILES, "project.yaml": WRITTEN["project.yaml"]}).project
    assert project.redact == ["customer.email", "event.phone", "identifiers", "place"]
    assert len(SHOWN) == 4


def test_the_page_shows_what_is_printed() -> None:
    life = story()
    assert SHOWN["sillage why anna"] == life.told()
    moment = nearest(life.account().moments, life.at)
    assert moment is not None
    assert SHOWN["sillage why anna --at 2026-03-03T14:05Z"] == "\n".join(whole(moment, "Europe/Paris"))
    assert SHOWN["sillage why anna --journey basket"] == small_basket().told("basket")


def test_the_json_is_what_is_printed() -> None:
    found = msgspec.to_builtins(small_basket().account("basket").absence)
    assert json.loads(SHOWN["sillage why anna --journey basket --json | jq --sort-keys .absence"]) == found


def test_every_cause_that_the_code_names_stands_on_the_page() -> None:
    code = (ROOT / "engine" / "why" / "absence.py").read_text(encoding="utf-8")
    named = set(re.findall(r'Cause\("(\w+)"', code)) - {"unknown", "erased"}
    assert {name for name in named if f"`{name}`" not in PAGE} == set()
