"""docs/schemas.md: its files make a folder without a fault, and its table names the keywords that are read."""

import re
from pathlib import Path

from journeys.checks import check
from journeys.load import load_project
from journeys.schemas.keywords import FOREIGN, KEYWORDS

PAGE = (Path(__file__).parents[2] / "docs" / "schemas.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`(schemas/[a-z.]+)`\n\n```yaml\n(.*?)```", PAGE, re.DOTALL))
JOURNEY = """
journey: a
topic: offers
ttl: 1d
enter: {on: basket.updated, where: event.value > 3 && has(event.coupon)}
exit: [{on: order.placed, where: event.paid_by == "card"}]
steps:
  - set: {customer.tier: '"gold"'}
"""


def test_the_files_on_the_page_are_sound_and_are_held_to() -> None:
    assert len(FILES) == 5
    assert check(load_project({**FILES, "journeys/a.yaml": JOURNEY})) == []
    wrong = JOURNEY.replace("paid_by", "payd_by").replace("customer.tier", "customer.teir")
    assert [problem.code for problem in check(load_project({**FILES, "journeys/a.yaml": wrong}))] == ["J034", "J033"]

    placed = JOURNEY.replace("enter: {on: basket.updated,", "enter: {enters_place: stores,").replace("event.value", "3")
    placed = placed.replace(" && has(event.coupon)", "")
    assert check(load_project({**FILES, "journeys/a.yaml": placed})) == []
    wrong = placed.replace("stores", "shops")
    assert [problem.code for problem in check(load_project({**FILES, "journeys/a.yaml": wrong}))] == ["J035"]


def test_the_rule_for_several_types() -> None:
    several = JOURNEY.replace(
        "on: basket.updated, where: event.value > 3 &&", "on: [basket.updated, order.placed], where:"
    )
    (problem,) = check(load_project({**FILES, "journeys/a.yaml": several}))
    assert "unknown field coupon of event" in problem.message


def test_the_table_names_every_keyword() -> None:
    table = re.search(r"\| keyword \|.*?\n\n", PAGE, re.DOTALL)
    assert table
    named = {
        word for row in table.group().strip().splitlines()[2:] for word in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == KEYWORDS.keys()
    assert "$ref" in FOREIGN
