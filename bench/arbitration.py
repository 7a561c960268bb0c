"""What competition adds to a decision that sends, in microseconds: `python bench/arbitration.py`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import inf
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.decide import MAIL, POLICY, START_AT, arrived, contacted, measured, person
from engine import proposals
from engine.catalog import Catalog, compile_journey
from engine.compile import compile_offers
from engine.compile.terms import compile_terms
from engine.context import EMPTY, Context
from engine.decide import decide
from engine.models import OfferModel
from journeys.model import Journey, Offers, Project

EVENTS = 1_000
ROUNDS = 12
RIVALS = 10
OFFER = {
    "message": "hello",
    "eligible": "customer.first_name == 'Ada'",
    "applicable": "has(customer.email)",
    "context": "event.total > 10.0 ? 2.0 : 1.0",
}
SEND = {"send": "hello", "id": "hello", "when_blocked": "drop"}
MOST = {"arbitration": {"most": 1}}
ROOMY = {**POLICY, "caps": [{**cap, "most": 30} for cap in POLICY["caps"]]}
"""The policy, with room for all ten."""
BEST = {"best_offer": "shop", "id": "best"}


def catalog(*nodes: dict[str, Any], project: dict[str, Any] | None = None, bare: bool = False) -> Catalog:
    """A journey for each node, all of them begun by one event; ten offers, `bare` of conditions or not."""
    journeys = [
        {"journey": f"j{n}", "topic": "offers", "ttl": "1d", "priority": 40 + n, "steps": [node],
         "enter": {"on": "began", "again": "always"}}
        for n, node in enumerate(nodes)
    ]  # fmt: skip
    compiled = [compile_journey(Journey.model_validate(each), "v1", {"hello": MAIL}) for each in journeys]
    offer = {"message": "hello"} if bare else OFFER
    shop = {"catalog": "shop", "offers": {f"o{n}": {**offer, "value": n + 1} for n in range(RIVALS)}}
    offers = [compile_offers(Offers.model_validate(shop), "v1", {"hello": MAIL})]
    terms = compile_terms(Project.model_validate(project or {}), {})
    current = {journey.name: journey for journey in compiled}
    return Catalog(1, current, lambda _name, _version: None, terms=terms, offers=offers)


def learned() -> Context:
    """A model of every offer."""
    context = Context()
    for n in range(RIVALS):
        context.models.put_offer(f"shop/o{n}", OfferModel(1, 1_700_000_000_000, {"": (30.0, 970.0)}))
    return context


Decide = Callable[[int], object]


def deciding(given: Catalog, context: Context = EMPTY) -> Decide:
    """One decision of a customer with ten contacts, by the number of its event, all of the journeys begun."""
    customer = contacted(person())
    # Behind the last of them, which would take the place of one that wins at this instant.
    inputs = [arrived(f"e-{n}", "began", {"total": 12.5}, START_AT + 60_000) for n in range(EVENTS)]
    return lambda n: decide(given, customer, inputs[n], context)


@contextmanager
def unranked() -> Iterator[None]:
    """Proposals are judged in the order in which they are made, and none has a score."""
    names = vars(proposals)
    kept = {"ranked": names["ranked"], "Propensities": names["Propensities"]}
    names["ranked"] = lambda _draft, rivals, _asked: [(each, None) for each in rivals]
    names["Propensities"] = lambda _draft, _zone: None
    try:
        yield
    finally:
        names.update(kept)


def added(than: Decide, by: Decide, around: Callable[[], AbstractContextManager[None]] = nullcontext) -> list[float]:
    """The fastest means of both, in turns, so that what else the machine does falls on both alike."""
    best = [inf, inf]
    for _ in range(ROUNDS):
        with around():
            best[0] = min(best[0], measured(than, EVENTS, rounds=1))
        best[1] = min(best[1], measured(by, EVENTS, rounds=1))
    return best


def main() -> None:
    """Prints what each case takes, and what it adds to the one that it is compared with."""
    ten, plain = deciding(catalog(*[SEND] * RIVALS)), deciding(catalog(SEND))
    rows = [
        ("ten proposals that compete, to ten in the order in which they are made", added(ten, ten, unranked)),
        ("at most one at an instant, to one message", added(plain, deciding(catalog(SEND, project=MOST)))),
        (
            "ten that compete under the whole policy, one wins, to ten that all leave without any",
            added(ten, deciding(catalog(*[SEND] * RIVALS, project={**POLICY, **MOST}))),
        ),
        (
            "ten that compete under the whole policy and all leave, to ten without any",
            added(ten, deciding(catalog(*[SEND] * RIVALS, project=ROOMY)), unranked),
        ),
        ("the best of ten offers, to one message", added(plain, deciding(catalog(BEST)))),
        ("the best of ten offers without conditions", added(plain, deciding(catalog(BEST, bare=True)))),
        ("the best of ten offers, each learned of", added(plain, deciding(catalog(BEST), learned()))),
    ]
    for title, (before, now) in rows:
        sys.stdout.write(f"{now:8.2f} microseconds, {now - before:+7.2f}, {now / before:5.2f} times  {title}\n")


if __name__ == "__main__":
    main()
