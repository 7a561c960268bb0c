"""What counts as taking an offer: as the offer says, or its catalog, or else the settings."""

from offering import MESSAGES

from engine.compile import compile_offers
from engine.program import OfferCatalog
from journeys.model import Offers
from streams.learner.outcomes import GOAL, Rule
from streams.learner.rules import rule_of
from streams.settings import Settings

DAY = 86_400_000


def catalog(**more: object) -> OfferCatalog:
    offers = {
        "shoes": {"message": "hello", "outcome": {"by": ["goal", "replied"], "within": "36h"}},
        "coats": {"message": "hello"},
    }
    return compile_offers(Offers.model_validate({"catalog": "shop", "offers": offers, **more}), "v1", MESSAGES)


def test_an_offer_comes_before_its_catalog_and_that_before_the_settings() -> None:
    known = {"shop": catalog()}
    rules = rule_of(Settings(learn_days=0.5), lambda: known)
    otherwise = Rule(frozenset({"message.clicked", GOAL}), DAY // 2)
    assert rules("shop/shoes") == Rule(frozenset({GOAL, "message.replied"}), 36 * 3_600_000)
    assert rules("shop/coats") == rules("other/coats") == rules("message:hello") == otherwise
    known["shop"] = catalog(outcome={"by": ["opened"], "within": "1mo"})
    assert rules("shop/coats") == Rule(frozenset({"message.opened"}), 30 * DAY)
    assert rules("shop/shoes").within_ms == 36 * 3_600_000
