"""docs/learning.md against the code: its catalog, its reasons, its numbers, and the names that it gives."""

import re
from pathlib import Path

from offering import MESSAGES
from ruamel.yaml import YAML

from engine.compile import compile_offers
from engine.models import MOST_SHIFT, OLDEST_MS, PRIOR, STRENGTH, Models, OfferModel
from engine.thompson import FLOOR
from journeys.model import Offers
from journeys.model.offers import Outcome
from streams.learner.offpolicy import LEAST_DECISIONS, LEAST_EFFECTIVE, MOST_UNSUPPORTED
from streams.learner.outcomes import GRACE_MS, Rule
from streams.learner.policies import NAMES
from streams.learner.records import LEAST_SEEN
from streams.learner.rules import rule_of
from streams.settings import Settings

PAGE = Path(__file__).parents[2].joinpath("docs", "learning.md").read_text(encoding="utf-8")
DAY = 86_400_000


def test_the_catalog_of_the_page_says_what_counts() -> None:
    (piece,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    messages = dict.fromkeys(("ice-cream", "picnic"), MESSAGES["hello"])
    found = compile_offers(Offers.model_validate(YAML(typ="safe").load(piece)), "v1", messages)
    rules = rule_of(Settings(), lambda: {"summer": found})
    assert rules("summer/ice-cream") == Rule(frozenset({"message.clicked", "goal"}), 2 * DAY)
    assert rules("summer/picnic") == Rule(frozenset({"goal"}), 7 * DAY)
    assert rules("message:hello") == Rule(frozenset({"message.clicked", "goal"}), 3 * DAY)
    assert all(f"| `{key}` |" in PAGE for key in Outcome.model_fields)


def test_the_reasons_are_those_that_a_trace_shows() -> None:
    models = Models()

    def reason(at: int = 0, segment: str = "vip") -> str:
        return models.propensity("d1", at, "shoes", "email", segment, {}).reason

    found = [reason()]
    models.learning = True
    found.append(reason())
    models.put_offer("shoes", OfferModel(1, 0, {"vip/email": (30.0, 70.0)}))
    found += [reason(), reason(15 * DAY)]
    assert [each for each in found if f"| `{each}` |" not in PAGE] == []


def test_the_numbers_are_those_of_the_code() -> None:
    shown = [
        f"the prior, {PRIOR:g},", f"weight of {STRENGTH:g} impressions", f"{STRENGTH * PRIOR:g} win and",
        f"in {FLOOR:.0%}".replace("%", " %"),
        f"no learner for {OLDEST_MS // DAY} days", f"from {LEAST_SEEN:,} outcomes",
        f"at most {MOST_SHIFT:g}.", f"has {GRACE_MS // 60_000} minutes more", f"fewer than {LEAST_DECISIONS} decisions",
        f"fewer than {LEAST_EFFECTIVE:g}", f"more than {MOST_UNSUPPORTED:.0%}".replace("%", " %"),
    ]  # fmt: skip
    assert [each for each in shown if each not in PAGE] == []
    assert all(f"`{name}`" in PAGE for name in NAMES)
