"""What competes in the town: the truth stays hidden, sums agree, and a log made by hand has the lift of a hand."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from townlife import Learned

from cli.demo import town_folder
from engine import trace
from engine.decision import Line, Trace
from local.town import offering
from local.town.happening import Delivery, Touch
from local.town.lift import FIRST, RANDOM
from local.town.market import FATES, NOTHING, PUT_OFF, REFUSED, SENT, WAITING, Market
from local.town.rhythm import HOUR_MS
from local.town.scene import Onlooker
from local.town.taste import KINDS, OFFERS, Tastes
from local.town.town import MORNING_AT, Town
from streams.driver import catalog_of


class Kept:
    """Keeps each trace once."""

    def __init__(self) -> None:
        self.traces: dict[str, Trace] = {}

    def decided(self, value: bytes) -> None:
        found = msgspec.json.decode(value, type=Trace)
        self.traces.setdefault(found.id, found)

    def touched(self, touch: Touch) -> None: ...
    def received(self, message: object) -> None: ...
    def looked(self, scene: object) -> None: ...


@pytest.fixture(scope="module")
def lived() -> tuple[Learned, Kept]:
    kept = Kept()
    onlooker: Onlooker = kept
    life = Learned(Town(1, 40), (onlooker,))
    life.until(MORNING_AT + 28 * HOUR_MS)
    return life, kept


def test_the_catalog_of_the_town_is_deployed_and_makes_what_people_have_a_taste_for() -> None:
    folder = town_folder()
    catalog = catalog_of(folder)
    assert tuple(folder.offers["town"].model.offers) == OFFERS
    assert catalog.terms.caps
    assert catalog.terms.quiet is not None
    assert catalog.terms.arbitration is not None


def test_sums_agree(lived: tuple[Learned, Kept]) -> None:
    life, kept = lived
    market = life.scene.market
    said = Counter(line.what for each in kept.traces.values() for line in each.lines)
    assert market.proposed == sum(market.fates[fate] for fate in FATES)
    assert market.fates[SENT] == said[trace.SENT] == len(life.scene.progress.actions) > 50
    assert market.fates[PUT_OFF] == said[trace.DEFERRED] > 0
    assert market.refusals.total() == said[trace.REFUSED]
    assert market.refusals["cap"] > 0
    assert market.refusals["quiet_hours"] > 0
    assert market.refusals["outscored"] > 0
    assert sum(market.won[offer] for offer in OFFERS) == life.scene.progress.by_journey["town-offers"] > 30
    assert all(market.taken[name] <= market.won[name] for name in market.taken)
    assert market.taken.total() > 0
    assert market.lifts.moments == sum(each.moments for each in market.days.values()) > 20
    told = dict(offering.facts(market))
    assert told["proposals"].startswith(f"{market.proposed:,} proposed: {market.fates[SENT]:,} sent, ")


def test_nothing_that_the_engine_is_given_tells_of_a_taste(lived: tuple[Learned, Kept]) -> None:
    # Two towns that differ in their tastes alone live the same life, until somebody is offered something.
    one, other = (Town(1, 60, tastes=Tastes(seed, MORNING_AT)) for seed in (1, 2))
    day = [town.advance(MORNING_AT + 12 * HOUR_MS) for town in (one, other)]
    assert day[0] == day[1]
    answers = []
    for town in (one, other):
        for number, person in enumerate(town.people):
            town.received(Delivery(town.now, f"a{number}", person, "email", "town-tea", "tea"))
        answers.append(town.advance(MORNING_AT + 14 * HOUR_MS))
    assert answers[0] != answers[1]
    # Of an answer the engine hears which message it is of, and nothing else.
    receipts = [each for each in answers[0] if isinstance(each, Touch) and each.type.startswith("message.")]
    assert receipts
    assert {name for each in receipts for name in each.properties} == {"action_id", "message"}
    # Nor is there a word of kinds in anything that was decided.
    told = msgspec.json.encode(list(lived[1].traces.values()))
    assert not any(kind.encode() in told for kind in KINDS)


def test_a_taste_depends_on_offer_kind_channel_hour_and_rain() -> None:
    town = Town(1, 60)
    tastes, people = Tastes(1, MORNING_AT), list(town.people.values())
    kinds = {tastes.of(person).kind for person in people}
    assert kinds == set(KINDS)

    def chance(number: int, offer: str, channel: str, hour: int, rains: bool) -> float:
        found = tastes.chance(people[number], offer, channel, MORNING_AT + hour * HOUR_MS, rains=rains)
        assert found is not None
        return found

    usual = chance(0, "delivery", "email", 0, False)
    assert 0 < usual < 1
    assert chance(0, "sample", "email", 0, False) != usual
    assert chance(1, "delivery", "email", 0, False) != usual
    assert chance(0, "delivery", "push", 0, False) != usual
    assert chance(0, "delivery", "email", 8, False) != usual
    assert any(chance(0, offer, "email", 0, True) != chance(0, offer, "email", 0, False) for offer in OFFERS)
    assert tastes.chance(people[0], "order-thanks", "email", MORNING_AT, rains=False) is None


class Told:
    """A truth by hand: the chance of each offer or message; push reaches nobody."""

    def chance(self, customer: str, message: str, channel: str, at: int, offer: str = "") -> float:
        return {"delivery": 0.1, "sample": 0.2, "tea": 0.5, "town-club": 0.05}[offer or message]

    def reaches(self, customer: str, channel: str) -> bool:
        return channel != "push"


def candidate(offer: str, code: str, value: float, channel: str = "email") -> dict[str, Any]:
    return {"offer": offer, "channel": channel, "code": code, "value": value, "score": 1.0}


def decided(name: str, customer: str, *lines: Line) -> Trace:
    return Trace(name, customer, MORNING_AT + HOUR_MS, 1, {}, list(lines))


def offered(enrollment: str, code: str, *candidates: dict[str, Any]) -> Line:
    told = {"catalog": "town", "candidates": list(candidates)}
    return Line(trace.OFFERED, "town-offers", enrollment, "best", code, data=told)


def sent(enrollment: str, action: str, offer: str) -> Line:
    told = {"action": action, "message": f"town-{offer}", "channel": "email", "offer": f"town/{offer}"}
    return Line(trace.SENT, "town-offers", enrollment, "best", data=told)


def test_the_lift_of_a_log_made_by_hand() -> None:
    market = Market(Told(), MORNING_AT)
    club = {"message": "town-club", "channel": "email", "value": 6.0, "score": 0.1}
    market.take(decided("1", "ada", Line(trace.ENTERED, "town-club", "c"), Line(trace.ENTERED, "town-offers", "o")))
    market.take(
        decided(
            "2", "ada",
            Line(trace.SCORED, "town-club", "c", "send", data=club),
            sent("o", "a1", "tea"),
            Line(trace.REFUSED, "town-club", "c", "send", "outscored"),
            Line(trace.DEFERRED, "town-club", "c", "send", "outscored"),
            offered(
                "o", "tea",
                candidate("tea", "made", 5.0), candidate("sample", "behind", 4.0),
                # Neither of these could have been sent: nobody is reached by push, and the rule is another's.
                candidate("delivery", "behind", 3.0, "push"), candidate("delivery", "consent", 3.0),
            ),
        )
    )  # fmt: skip
    market.take(
        decided("3", "bob", sent("p", "a2", "delivery"), offered(
            "p", "delivery", candidate("delivery", "made", 3.0), candidate("sample", "behind", 4.0),
        ))
    )  # fmt: skip
    market.clicked("a1")
    market.clicked("a1")
    market.clicked("unknown")
    # Ada: tea is worth 2.5, sample 0.8, the club 0.3 and came first. Bob: delivery 0.3 stands first, sample 0.8.
    assert market.lifts.worth()[:3] == pytest.approx(((2.5 + 0.3) / 2, (1.2 + 0.55) / 2, (0.3 + 0.3) / 2))
    over_random, over_first = market.lifts.over(RANDOM), market.lifts.over(FIRST)
    assert over_random is not None and over_random.more == pytest.approx(2.8 / 1.75 - 1)
    assert over_first is not None and over_first.more == pytest.approx(2.8 / 0.6 - 1)
    assert market.fates == {SENT: 2, PUT_OFF: 1}
    assert market.won == {"tea": 1, "delivery": 1}
    assert market.taken == {"tea": 1}
    assert offering.short(market) == "lift +60 % over random, +367 % over first come"


def test_each_proposal_has_one_fate() -> None:
    market = Market(Told(), MORNING_AT)
    market.take(
        decided(
            "1", "ada",
            Line(trace.REFUSED, "j", "a", "best", "consent"), sent("a", "x", "tea"),
            Line(trace.REFUSED, "j", "b", "send", "cap"), Line(trace.REFUSED, "j", "b", "send", "consent"),
            Line(trace.REFUSED, "j", "c", "send", "cap"), Line(trace.DEFERRED, "j", "c", "send", "cap"),
            Line(trace.HELD, "j", "d", "send", "catching_up"), Line(trace.GATHERED, "j", "e", "send"),
            offered("f", "none"), Line(trace.EXITED, "j", "f", code="nothing"),
        )
    )  # fmt: skip
    assert market.fates == {SENT: 1, REFUSED: 1, PUT_OFF: 1, WAITING: 2, NOTHING: 1}
    assert market.refusals == {"consent": 2, "cap": 2}
    assert market.proposed == 6
    assert offering.lift(market) == "nothing to choose between yet"
