"""The control group of the whole project: by hash of the person alone, through versions, for all marketing."""

from typing import Any

import pytest
from onelife import Life, journey_of

from engine.policy.holdout import GLOBAL, HELD_OUT, TREATED, drawn, drawn_for_all
from engine.policy.terms import Terms
from engine.why.sentences import Telling, tell

PAID = {"on": "paid", "within": "5d"}
IN = next(f"p{n}" for n in range(1000) if drawn_for_all(f"p{n}", 0.2) == HELD_OUT)
OUT = next(f"p{n}" for n in range(1000) if drawn_for_all(f"p{n}", 0.9) == TREATED)


def definition(name: str = "j", message: str = "hello", **parts: Any) -> dict[str, Any]:
    enter = {"on": "began", "again": "always"}
    return journey_of(name, **{"enter": enter, "goal": PAID, "steps": [{"send": message}], **parts})


def life_of(person: str, *definitions: dict[str, Any], share: float = 0.2) -> Life:
    life = Life(*definitions)
    life.customer.person_key = person
    life.catalog.terms = Terms(holdout=share)
    return life


def test_who_is_in_it_gets_no_marketing_of_any_journey_and_every_goal_counts() -> None:
    life = life_of(IN, definition("one"), definition("two", "again"))
    life.event("began")
    life.event("paid")
    assert (life.sent(), life.codes("refused"), len(life.lines("goal"))) == ([], ["holdout", "holdout"], 2)
    assert [(line.journey, line.code) for line in life.lines("held_out")] == [("one", "global"), ("two", "global")]
    assert life.lines("refused")[0].why == "the person is in the control group of all marketing"


def test_all_others_are_written_to() -> None:
    life = life_of(OUT, definition("one"))
    life.event("began")
    assert (life.sent(), life.lines("held_out"), life.customer.arms) == (["hello"], [], {GLOBAL: TREATED})


@pytest.mark.parametrize("message", ["receipt", "recall"])
def test_service_and_critical_messages_have_no_control_group(message: str) -> None:
    life = life_of(IN, definition(message=message))
    life.event("began")
    assert life.sent() == [message]


def test_the_group_survives_versions_and_another_share() -> None:
    life = life_of(IN, definition())
    life.event("began")
    life.release(definition(steps=[{"send": "again"}]), version="v2")
    life.catalog.terms = Terms(holdout=0.001)
    life.event("began")
    assert (life.sent(), life.codes("refused")) == ([], ["holdout", "holdout"])
    life.release(definition(), version="v3")
    life.catalog.terms = Terms()
    life.event("began")
    assert life.sent() == ["hello"], "a project without a control group holds nobody out"


def test_it_holds_for_those_who_were_inside_before_the_project_had_it() -> None:
    steps = [{"wait": "1d"}, {"send": "hello"}]
    life = life_of(IN, definition(steps=steps), share=0.0)
    life.event("began")
    life.catalog.terms = Terms(holdout=0.2)
    life.advance("2d")
    assert (life.sent(), life.codes("refused")) == ([], ["holdout"])


def test_both_groups_at_once_are_both_told() -> None:
    person = next(f"p{n}" for n in range(2000) if drawn_for_all(f"p{n}", 0.2) == drawn("j", f"p{n}", 0.2) == HELD_OUT)
    life = life_of(person, definition(holdout="20%"))
    life.event("began")
    assert life.codes("held_out") == ["global", "journey"]


def test_the_share_is_right_and_has_nothing_to_do_with_the_group_of_a_journey() -> None:
    people = range(20_000)
    whole = {n for n in people if drawn_for_all(f"p{n}", 0.1) == HELD_OUT}
    of_journey = {n for n in people if drawn("j", f"p{n}", 0.1) == HELD_OUT}
    assert len(whole) / 20_000 == pytest.approx(0.1, abs=0.008)
    assert len(whole & of_journey) / 20_000 == pytest.approx(0.01, abs=0.003)


def test_why_tells_which_control_group_it_is() -> None:
    life = life_of(IN, definition("one"))
    life.event("began")
    (line,) = life.lines("held_out")
    told = tell(line, Telling(life.at)).text
    assert told == "Is in the control group of all marketing: runs along, and gets no marketing"
