"""docs/offers.md: its folder passes check, its lives play, and its trace is the one that a decision leaves."""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from cli.main import main
from engine.customer import OFFERED
from engine.decision import Trace
from engine.offers import MOST_TOLD
from journeys.load import load_project
from journeys.model import BestOffer, Offer, Part
from journeys.model.offers import MOST_OFFERS, Arbitration
from streams.driver import Driver, catalog_of

PAGE = (Path(__file__).parents[2] / "docs" / "offers.md").read_text(encoding="utf-8")
PARTS = {"message.yaml": "subject: A\n", "email.txt": "{{ vars.offer.id }}\n"}
BESIDE = {
    **{f"messages/{name}/{part}": text for name in ("ice-cream", "picnic", "sale") for part, text in PARTS.items()},
    "messages/ice-cream/push.yaml": "title: A\nbody: B\n",
    "segments/regulars.yaml": 'segment: regulars\nwhen: count("order.placed", "365d") >= 3\n',
}


def files(*, window: bool = True) -> dict[str, str]:
    found = dict(re.findall(r"^`([a-z/.-]+)`\n\n```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    assert set(found) == {"offers/summer.yaml", "journeys/summer.yaml", "lives/summer.yaml", "project.yaml"}
    if not window:
        found["project.yaml"] = found["project.yaml"].replace("window: 10m", "window: 0s")
    return {**found, **BESIDE}


def test_the_lives_of_the_page_play(tmp_path: Path) -> None:
    for name, text in files(window=False).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["test", str(tmp_path), "--coverage", "--fail-under", "100"])
    assert (result.exit_code, "4 passed, 0 failed" in result.output) == (0, True), result.output


def test_the_trace_of_the_page_is_that_of_the_first_life() -> None:
    driver = Driver(catalog_of(load_project(files(window=False))), 1_782_921_600_000)
    driver.event("consent.changed", "a", {"topic": "offers", "channel": "email", "given": True})
    driver.event("customer.updated", "a", {"set": {"email": "a@shop.example", "age": 30, "city": "Nice"}})
    driver.event("account.created", "a")
    traces = [each for each in driver.read() if isinstance(each, Trace)]
    (line,) = [line for trace in traces for line in trace.lines if line.what == "offered"]
    (shown,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert json.loads(shown) == line.data


def test_with_the_project_of_the_page_a_choice_waits_for_others() -> None:
    driver = Driver(catalog_of(load_project(files())), 1_782_921_600_000)
    driver.event("account.created", "a")
    (line,) = [
        line for each in driver.read() if isinstance(each, Trace) for line in each.lines if line.what == "gathered"
    ]
    assert line.data["until"] == 1_782_921_600_000 + 600_000


def test_every_key_is_on_the_page_and_limits_are_those_of_the_code() -> None:
    parts: list[type[Part]] = [Offer, Arbitration, BestOffer]
    for part in parts:
        for name, field in part.model_fields.items():
            key = field.alias or name
            assert key == "id" or re.search(rf"`{key}\b|\b{key}:", PAGE), f"{part.__name__} has the key {key}"
    for limit in (f"At most {MOST_OFFERS} offers", f"the newest {OFFERED} are", f"the first {MOST_TOLD} stand"):
        assert limit in PAGE
