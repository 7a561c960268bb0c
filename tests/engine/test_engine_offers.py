"""The node `best_offer`: who is a candidate, which of them is made, and what stands on the trace."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offering import best, fates, offered, offering
from onelife import Life, journey_of

from engine.context import Asked, Context
from engine.customer import Consent
from engine.decide import decide
from engine.decision import Action
from engine.models import OfferModel
from engine.offers import MOST_TOLD
from engine.trace import asked_of, input_of
from journeys.conditions.around import NO_MODEL


def began(life: Life, **properties: object) -> Life:
    life.event("began", dict(properties))
    return life


def test_the_offer_with_the_best_score_is_made_and_each_part_stands_on_the_trace() -> None:
    offers = {"low": {"value": 2}, "high": {"value": 3, "priority": 75, "context": "customer.boost"}}
    life = offering(best(), offers=offers)
    life.customer.attributes["boost"] = 1.5
    began(life)
    (action,) = life.actions()
    assert (action.offer, action.message) == ("shop/high", "hello")
    assert life.outcomes() == ["made"]
    assert offered(life).code == "high"
    assert offered(life).data == {
        "catalog": "shop",
        "candidates": [
            {"offer": "high", "channel": "email", "code": "made", "propensity": 0.05, "context": 1.5, "value": 3.0,
             "lever": 2.0, "score": 0.05 * 1.5 * 3 * 2, "why": NO_MODEL},
            {"offer": "low", "channel": "email", "code": "behind", "propensity": 0.05, "context": 1.0, "value": 2.0,
             "lever": 1.0, "score": 0.1, "why": NO_MODEL},
        ],
    }  # fmt: skip


def test_the_stages_are_asked_in_their_order_and_each_has_its_code() -> None:
    never = "1 > 2"
    offers = {
        "a": {"eligible": never, "applicable": never, "suitable": never},
        "b": {"applicable": never, "suitable": never},
        "c": {"suitable": ["1 < 2", never]},
        "d": {"eligible": "1 < 2", "applicable": "1 < 2", "suitable": "1 < 2"},
    }
    life = began(offering(best(), offers=offers))
    assert fates(life) == {"d": "made", "a": "eligible", "b": "applicable", "c": "suitable"}
    assert "wanted" in offered(life).data["candidates"][1]["why"]


def test_of_equal_scores_the_smaller_id_wins() -> None:
    assert began(offering(best(), offers={"b": {}, "a": {}, "c": {}})).actions()[0].offer == "shop/a"


def test_where_no_offer_concerns_the_person_that_is_the_decision() -> None:
    life = began(offering(best(), offers={"a": {"eligible": "customer.vip"}}))
    assert (life.sent(), life.outcomes(), offered(life).code) == ([], ["none"], "none")
    assert offered(life).why == "no offer concerns the person"
    assert offered(life).data["candidates"] == [{"offer": "a", "code": "eligible", "why": "customer.vip is absent"}]


def test_an_absent_context_counts_as_1() -> None:
    life = began(offering(best(), offers={"a": {"context": "customer.boost"}, "b": {"value": 0.5}}))
    assert offered(life).data["candidates"][0]["context"] == 1.0


@pytest.mark.parametrize("context", ['"x"', "true", "-1", "customer.first_name", "1.0 / 0.0"])
def test_a_context_that_is_no_number_from_0_goes_to_on_error(context: str) -> None:
    life = began(offering(best(), offers={"a": {"context": context}, "b": {}}))
    assert (life.sent(), life.outcomes()) == ([], ["error"])
    assert "context of the offer a" in life.lines("error")[0].why


def test_a_condition_that_cannot_be_evaluated_goes_to_on_error() -> None:
    journey = {**best(), "on_error": [{"exit": "rescued"}]}
    life = began(offering(journey, offers={"a": {"eligible": "customer.first_name > 3"}, "b": {}}))
    assert (life.sent(), life.outcomes()) == ([], ["rescued"])


def test_a_catalog_that_is_not_in_the_release_is_a_fault() -> None:
    life = began(offering(best()))
    assert life.outcomes() == ["error"]
    assert "no catalog of offers shop" in life.lines("error")[0].why


def test_the_next_best_is_made_where_policy_refuses_the_best() -> None:
    offers = {"a": {"value": 9, "topic": "gifts"}, "b": {"topic": "news"}}
    life = began(offering(best(), offers=offers))
    (action,) = life.actions()
    assert (action.offer, action.topic, life.customer.queued[0].topic) == ("shop/b", "news", "news")
    assert fates(life) == {"a": "consent", "b": "made"}
    (refused,) = life.lines("refused")
    assert (refused.code, refused.data["offer"]) == ("consent", "shop/a")


def test_where_policy_refuses_all_of_them_it_goes_elsewhere_and_keeps_no_variable() -> None:
    ways = [{"choose": [{"when": "has(vars.offer)", "do": [{"exit": "kept"}]}, {"else": [{"exit": "none"}]}]}]
    life = began(offering(best(**{"else": ways}), offers={"a": {"topic": "gifts"}, "b": {"topic": "gifts"}}))
    assert (life.outcomes(), fates(life)) == (["none"], {"a": "consent", "b": "consent"})


def test_what_the_conditions_count_is_counted() -> None:
    offers = {"a": {"value": 2, "applicable": 'count("order.placed", "7d") == 0'}, "b": {}}
    life = offering(best(), offers=offers)
    life.event("order.placed")
    assert began(life).actions()[0].offer == "shop/b"


def test_the_best_few_are_made_and_kept() -> None:
    journey = journey_of(
        steps=[
            {"best_offer": "shop", "pick": 2, "as": "gift"},
            {"set": {"customer.first": "vars.gift.id", "customer.number": "size(vars.gift.picked)"}},
        ]
    )
    offers = {"a": {"value": 1}, "b": {"value": 3}, "c": {"value": 2}}
    life = began(offering(journey, offers=offers))
    assert [action.offer for action in life.actions()] == ["shop/b", "shop/c"]
    assert len({action.id for action in life.actions()}) == 2
    assert (life.customer.attributes["first"], life.customer.attributes["number"]) == ("b", 2)


def test_an_offer_on_several_channels_is_made_on_one_of_them() -> None:
    offers = {"a": {"message": "both", "channels": ["push", "email"]}}
    life = began(offering(best(pick=2), offers=offers))
    assert [action.channel for action in life.actions()] == ["email"]
    assert [each["code"] for each in offered(life).data["candidates"]] == ["consent", "made"]


def test_an_offer_that_left_by_one_channel_does_not_leave_by_another() -> None:
    offers = {"a": {"message": "both", "channels": ["push", "email"]}}
    life = offering(best(pick=2), offers=offers)
    life.customer.attributes["push"] = "token"
    life.customer.consent["offers/push"] = Consent(True, 0)
    began(life)
    assert [action.channel for action in life.actions()] == ["push"]
    assert [each["code"] for each in offered(life).data["candidates"]] == ["made", "other_channel"]


def test_an_offer_is_not_made_again_to_the_same_person_for_a_while() -> None:
    journey = {**best(), "enter": {"on": "began", "again": "always"}}
    life = offering(journey, offers={"a": {"value": 2, "again": "2d"}, "b": {}})
    for hours in ("0s", "47h", "1h", "1h"):
        life.advance(hours)
        began(life)
    assert [action.offer for action in life.actions()] == ["shop/a", "shop/b", "shop/a", "shop/b"]
    assert life.customer.offered.keys() == {"shop/a"}
    assert fates(life) == {"b": "made", "a": "again"}


def test_two_nodes_of_one_instant_do_not_make_one_offer_twice() -> None:
    life = began(offering(best("j"), best("k"), offers={"a": {"again": "2d"}}))
    assert [action.offer for action in life.actions()] == ["shop/a"]
    assert sorted(life.outcomes()) == ["made", "none"]


def test_a_choice_that_a_rule_refuses_for_now_is_made_anew_when_it_allows_one() -> None:
    project = {"quiet_hours": "17:00-20:00"}
    life = began(offering(best(defer="4h"), offers={"a": {}}, project=project))
    assert (life.sent(), life.codes("deferred")) == ([], ["quiet_hours"])
    life.advance("3h")
    assert life.sent_after_hours() == [("hello", 2.0)]
    at_once = began(offering(best(), offers={"a": {}}, project=project))
    assert at_once.outcomes() == ["none"]


def test_a_person_counts_in_the_first_segment_that_they_are_in() -> None:
    life = offering(best(), offers={"a": {}}, segments=["gold", "vip", "all"])
    life.customer.segments = {"all": 1, "vip": 2}
    assert began(life).actions()[0].segment == "vip"


def test_a_long_catalog_is_told_of_in_part() -> None:
    offers = {f"o{n:02}": {"value": n, "eligible": "customer.vip" if n % 3 == 0 else "1 < 2"} for n in range(60)}
    life = began(offering(best(), offers=offers))
    told = offered(life).data
    assert (len(told["candidates"]), told["more"]) == (MOST_TOLD, 60 - MOST_TOLD)
    assert [each["offer"] for each in told["candidates"][:3]] == ["o59", "o58", "o56"]
    refused = began(offering(best(), offers={name: {"topic": "gifts"} for name in offers}))
    assert len(refused.lines("refused")) == MOST_TOLD


def test_what_was_learned_is_drawn_and_a_replay_uses_the_recorded_draw() -> None:
    context = Context()
    rates = {"": (30.0, 70.0), "/email": (30.0, 70.0)}
    life = offering(best(), offers={"a": {}, "b": {"value": 2}})
    context.models.put_offer("shop/a", OfferModel(7, life.at, rates))
    life.context = context
    before, catalog = life.customer, life.catalog
    began(life)
    (line,) = life.lines("offered")
    assert line.code == "a"
    assert line.data["candidates"][0]["propensity"] > 0.1
    (told,) = life.traces()
    again = decide(catalog, before, input_of(told), asked_of(told))
    assert again.outputs == life.decisions[-1].outputs
    assert again.trace == told
    assert isinstance(asked_of(told), Asked)


RULES = st.sampled_from([None, "customer.yes", "customer.no", "customer.absent"])
OFFERS = st.dictionaries(
    st.sampled_from([f"o{n}" for n in range(12)]),
    st.fixed_dictionaries(
        {
            "value": st.integers(0, 4),
            "priority": st.sampled_from([0, 25, 50, 75, 100]),
            "eligible": RULES,
            "applicable": RULES,
            "suitable": RULES,
            "context": st.sampled_from([None, "customer.half", "customer.absent"]),
            "topic": st.sampled_from([None, "gifts"]),
        }
    ),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(OFFERS, st.integers(1, 4))
def test_the_offers_made_are_the_best_of_those_that_concern_and_may_be_made(
    offers: dict[str, dict[str, object]], pick: int
) -> None:
    """Against a plain oracle: sort by score, take those allowed while there is room."""
    life = offering(best(pick=pick), offers=offers)
    life.customer.attributes |= {"yes": True, "no": False, "half": 0.5}
    began(life)
    stages = ("eligible", "applicable", "suitable")
    fit = {
        name: each for name, each in offers.items() if all(each[stage] in (None, "customer.yes") for stage in stages)
    }

    def score(name: str) -> float:
        each = fit[name]
        context = 0.5 if each["context"] == "customer.half" else 1.0
        lever = {0: 0.25, 25: 0.5, 50: 1.0, 75: 2.0, 100: 4.0}[each["priority"]]  # type: ignore[index]
        return 0.05 * context * each["value"] * lever  # type: ignore[operator]

    ordered = sorted(fit, key=lambda name: (-score(name), name))
    allowed = [name for name in ordered if fit[name]["topic"] is None][:pick]
    assert [action.offer for action in life.outputs(Action)] == [f"shop/{name}" for name in allowed]
    assert life.outcomes() == (["made"] if allowed else ["none"])
