"""Lives with a catalog of offers and rules of arbitration."""

from collections.abc import Mapping
from typing import Any

from onelife import MESSAGES, Life, journey_of

from engine.catalog import Catalog
from engine.compile import compile_offers
from engine.compile.terms import compile_terms
from engine.customer import Consent
from engine.decision import Line
from journeys.model import Offers, Project


def catalog_of(offers: Mapping[str, Any], segments: list[str] | None = None) -> Offers:
    """The catalog `shop`; each offer of the message hello, unless it says otherwise."""
    written = {name: {"message": "hello", **each} for name, each in offers.items()}
    return Offers.model_validate({"catalog": "shop", "segments": segments or [], "offers": written}, by_alias=True)


def offering(
    *journeys: dict[str, Any],
    offers: Mapping[str, Any] | None = None,
    segments: list[str] | None = None,
    project: Mapping[str, Any] | None = None,
) -> Life:
    """A life among these journeys, with the catalog `shop` and a project; consent for offers and news by e-mail."""
    life = Life(*journeys)
    found = [compile_offers(catalog_of(offers, segments), "v1", MESSAGES)] if offers else []
    terms = compile_terms(Project.model_validate(dict(project or {})), {})
    known = life.catalog
    life.catalog = Catalog(1, known.current, life._find, zone=life.zone, terms=terms, offers=found)
    life.customer.consent = {"offers/email": Consent(True, 0), "news/email": Consent(True, 0)}
    return life


def offered(life: Life) -> Line:
    """The last line of a choice among offers."""
    return life.lines("offered")[-1]


def fates(life: Life) -> dict[str, str]:
    """What became of each offer in the last choice."""
    return {each["offer"]: each["code"] for each in offered(life).data["candidates"]}


def best(name: str = "j", **options: Any) -> dict[str, Any]:
    """A journey that makes the best offer of `shop` and leaves as made, or else as none."""
    node = {"best_offer": "shop", "else": [{"exit": "none"}], **options}
    return journey_of(name, steps=[node, {"exit": "made"}])


def sends(name: str, message: str = "hello", **parts: Any) -> dict[str, Any]:
    """A journey that sends one message, and drops it where it is refused, unless `when_blocked` says otherwise."""
    blocked = parts.pop("when_blocked", "drop")
    return journey_of(name, steps=[{"send": message, "when_blocked": blocked}], **parts)
