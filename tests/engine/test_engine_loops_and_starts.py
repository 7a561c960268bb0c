"""Nodes `repeat`, `start`, `emit` and `digest`: rounds, other journeys, events of the engine's own."""

from typing import Any

import pytest
from onelife import Life, journey_of

from engine.decide import MOST_HOPS
from engine.decision import Emitted


class TestRepeat:
    def life(self, **loop: Any) -> Life:
        return Life(journey_of(steps=[{"do": [{"send": "hello"}, {"wait": "1d"}], **loop}, {"send": "receipt"}]))

    def test_so_many_rounds(self) -> None:
        life = self.life(repeat=3)
        life.event("began")
        life.advance("9d")
        assert life.sent_after_hours() == [("hello", 0), ("hello", 24), ("hello", 48), ("receipt", 72)]
        assert len({action.id for action in life.actions()}) == 4

    def test_until_is_asked_before_each_round_but_the_first(self) -> None:
        life = self.life(repeat=9, until="customer.paid == true", **{"else": [{"exit": "never"}]})
        life.event("began")
        life.advance("36h")
        life.event("customer.updated", {"set": {"paid": True}})
        life.advance("9d")
        assert life.sent_after_hours() == [("hello", 0), ("hello", 24), ("receipt", 48)]

    def test_the_cap_has_its_own_exit(self) -> None:
        life = self.life(repeat=2, until="customer.paid == true", **{"else": [{"exit": "never"}]})
        life.event("began")
        life.advance("9d")
        assert (life.sent(), life.outcomes()) == (["hello", "hello"], ["never"])

    def test_an_inner_loop_begins_from_the_first_round_each_time(self) -> None:
        inner = {"repeat": 2, "do": [{"send": "hello"}, {"wait": "1h"}], "id": "inner"}
        life = Life(journey_of(steps=[{"repeat": 2, "do": [inner], "id": "outer"}]))
        life.event("began")
        life.advance("9h")
        assert life.sent_after_hours() == [("hello", 0), ("hello", 1), ("hello", 2), ("hello", 3)]
        assert len({action.id for action in life.actions()}) == 4

    def test_a_loop_that_never_rests_ends_as_an_error(self) -> None:
        life = Life(journey_of(steps=[{"repeat": 1000, "do": [{"set": {"vars.x": 1}}]}]))
        life.event("began")
        assert (life.codes("error"), life.outcomes()) == (["too_many_nodes"], ["error"])


class TestStart:
    CHILD = journey_of("child", enter={"called": "yes"}, steps=[{"wait": "1h"}, {"send": "hello"}, {"exit": "sold"}])

    def life(self, child: dict[str, Any] | None = None, **start: Any) -> Life:
        told = {"choose": [{"when": 'vars.s == "sold"', "do": [{"exit": "good"}]}, {"else": [{"exit": "bad"}]}]}
        parent = journey_of("parent", steps=[{"start": "child", "id": "s", **start}, {"send": "again"}, told])
        return Life(parent, *([self.CHILD] if child is None else [child] if child else []))

    def test_without_join_it_goes_on_at_once(self) -> None:
        life = self.life()
        life.event("began")
        assert life.sent() == ["again"]
        life.advance("2h")
        assert life.sent_after_hours() == [("again", 0), ("hello", 1)]

    def test_joined_it_waits_for_the_end_and_learns_the_outcome(self) -> None:
        life = self.life(join=True, within="2d")
        life.event("began")
        life.advance("2h")
        assert life.sent_after_hours() == [("hello", 1), ("again", 1)]
        assert life.outcomes() == ["sold", "good"]

    def test_joined_at_most_so_long_and_the_other_one_goes_on(self) -> None:
        life = self.life(join=True, within="30m", **{"else": [{"exit": "slow"}]})
        life.event("began")
        life.advance("2h")
        assert (life.outcomes(), life.sent()) == (["slow", "sold"], ["hello"])

    def test_one_that_does_not_begin_is_not_waited_for(self) -> None:
        life = self.life({}, join=True, within="2d", **{"else": [{"exit": "alone"}]})
        life.event("began")
        assert life.outcomes() == ["alone"]

    def test_one_that_ends_at_once(self) -> None:
        child = journey_of("child", enter={"called": "yes"}, steps=[{"exit": "sold"}])
        life = self.life(child, join=True, within="2d")
        life.event("began")
        assert life.outcomes() == ["sold", "good"]

    def test_inputs_are_the_event_and_the_entry(self) -> None:
        steps = [{"choose": [{"when": "entry.gift == event.gift", "do": [{"exit": "same"}]}, {"else": []}]}]
        child = journey_of("child", enter={"called": "yes", "where": "event.gift == 7"}, steps=steps)
        life = self.life(child, **{"with": {"gift": "3 + 4", "absent": "event.nothing"}})
        life.event("began")
        assert "same" in life.outcomes()
        assert "parent" not in life.lines("entered")[1].data

    def test_an_event_from_outside_starts_it_too_and_joins_nobody(self) -> None:
        life = self.life()
        life.event("journey.start", {"journey": "child", "parent": "somebody"})
        (enrollment,) = life.customer.enrollments
        assert (enrollment.journey, enrollment.parent) == ("child", "")

    def test_a_circle_stops_at_the_hop_limit(self) -> None:
        def calls(name: str, other: str) -> dict[str, Any]:
            return journey_of(name, enter={"called": "yes", "again": "always"}, steps=[{"start": other}])

        life = Life(calls("a", "b"), calls("b", "a"))
        life.event("journey.start", {"journey": "a"})
        assert life.codes("error") == ["hop_limit"]
        assert len(life.lines("entered")) == MOST_HOPS + 1

    def test_the_end_of_the_waiting_one_ends_nothing_of_the_other(self) -> None:
        parent = journey_of("parent", exit=[{"on": "stop"}], steps=[{"start": "child", "join": True, "within": "2d"}])
        life = Life(parent, self.CHILD)
        life.event("began")
        life.event("stop")
        life.advance("2h")
        assert (life.outcomes(), life.sent()) == (["exited", "sold"], ["hello"])


class TestEmit:
    def test_an_event_begins_wakes_and_ends_others_in_the_same_decision(self) -> None:
        teller = journey_of("teller", enter={"on": "go"}, steps=[{"emit": "told", "data": {"n": "event.n + 1"}}])
        waiter = journey_of("waiter", steps=[{"wait_for": "told", "within": "1d", "where": "event.n == 3"}])
        leaver = journey_of("leaver", exit=[{"on": "told", "as": "heard"}], steps=[{"wait": "1d"}])
        beginner = journey_of("beginner", enter={"on": "told"}, steps=[{"send": "hello"}])
        life = Life(teller, waiter, leaver, beginner)
        life.event("began")
        decision = life.event("go", {"n": 2})
        assert [action.message for action in decision.outputs] == ["hello"]
        assert life.outcomes() == ["completed", "heard", "completed", "completed"]

    def test_to_a_topic_it_leaves_and_nobody_here_hears_it(self) -> None:
        teller = journey_of("teller", enter={"on": "go"}, steps=[{"emit": "told", "to": "crm", "data": {"n": 1}}])
        life = Life(teller, journey_of("beginner", enter={"on": "told"}, steps=[{"send": "hello"}]))
        life.event("go")
        (told,) = life.outputs(Emitted)
        assert (told.type, told.to, told.properties, told.journey, life.sent()) == (
            "told",
            "crm",
            {"n": 1},
            "teller",
            [],
        )

    def test_a_loop_of_events_stops_at_the_hop_limit(self) -> None:
        life = Life(journey_of(enter={"on": "go", "again": "always"}, steps=[{"emit": "go"}]))
        life.event("go")
        assert life.codes("error") == ["hop_limit"]
        assert len(life.lines("entered")) == MOST_HOPS + 1

    def test_timers_of_one_instant_have_no_part_in_what_each_other_tells(self) -> None:
        steps = [{"wait": "1h"}, {"emit": "told", "data": {"n": 1}}]
        teller = journey_of("teller", enter={"on": "began", "key": "event.k"}, steps=steps)
        hearer = journey_of("told", enter={"on": "told", "again": "always"}, steps=[{"wait": "1d"}])
        said = [{"when": "has(event.n)", "do": [{"send": "again"}]}, {"else": [{"send": "hello"}]}]
        asks = journey_of("z", enter={"on": "last"}, steps=[{"wait": "1h"}, {"choose": said}])
        life = Life(teller, hearer, asks)
        for number in range(MOST_HOPS + 2):
            life.event("began", {"k": str(number)})
        life.event("last")
        life.advance("1h")
        assert (life.codes("error"), life.sent()) == ([], ["hello"])

    def test_an_event_counts_in_the_same_decision(self) -> None:
        steps = [{"emit": "told"}, {"wait": "1s"}, {"exit": "x"}]
        seen = journey_of("seen", enter={"on": "told", "where": 'count("told", "1d") == 1'}, steps=[{"send": "hello"}])
        life = Life(journey_of("teller", steps=steps), seen)
        life.event("began")
        assert life.sent() == ["hello"]


class TestDigest:
    def life(self, **options: Any) -> Life:
        digest = {"digest": "liked", "for": "2h", "keep": {"by": "event.by"}, "as": "likes", **options}
        told = {
            "choose": [{"when": "vars.likes.size() == 2", "do": [{"send": "again"}]}, {"else": [{"send": "hello"}]}]
        }
        return Life(journey_of(enter={"on": ["began", "liked"]}, steps=[digest, told]))

    def test_flushed_by_time_with_the_event_that_began_it(self) -> None:
        life = self.life()
        life.event("liked", {"by": "ann"})
        life.advance("1h")
        life.event("liked", {"by": "bob"})
        life.advance("9h")
        assert life.sent_after_hours() == [("again", 2)]

    def test_flushed_by_size_at_once(self) -> None:
        life = self.life(most=2)
        life.event("liked", {"by": "ann"})
        life.event("liked", {"by": "bob"})
        assert life.sent() == ["again"]

    def test_flushed_by_another_event(self) -> None:
        life = self.life(flush_on="left")
        life.event("liked", {"by": "ann"})
        life.event("left")
        assert life.sent() == ["hello"]

    def test_nothing_to_say_goes_the_other_way(self) -> None:
        life = self.life(**{"else": [{"exit": "nothing"}]})
        life.event("began")
        life.advance("9h")
        assert (life.sent(), life.outcomes()) == ([], ["nothing"])

    def test_takes_only_what_its_where_lets_through(self) -> None:
        life = self.life(where='event.by != "bot"', **{"else": [{"exit": "nothing"}]})
        life.event("liked", {"by": "bot"})
        life.event("liked", {"by": "bot"})
        life.advance("9h")
        assert life.outcomes() == ["nothing"]

    def test_the_end_of_the_time_and_an_exit_race_and_the_first_in_order_wins(self) -> None:
        digest = {"digest": "liked", "for": "2h", "as": "likes"}
        life = Life(journey_of(enter={"on": "liked"}, exit=[{"on": "gone"}], steps=[digest, {"send": "hello"}]))
        life.event("liked")
        life.advance("2h")
        life.event("gone")
        assert (life.sent(), life.outcomes()) == (["hello"], ["completed"])
        life.event("liked")
        life.event("gone")
        life.advance("2h")
        assert (life.sent(), life.outcomes()) == (["hello"], ["completed", "exited"])


@pytest.mark.parametrize("value", ['"x"', "true"])
def test_add_takes_numbers_only(value: str) -> None:
    life = Life(journey_of(steps=[{"add": {"customer.points": value}}]))
    life.event("began")
    assert life.codes("error") == ["evaluation"]


def test_tags_are_put_on_once_and_taken_off() -> None:
    steps = [{"tag": ["a", "b"]}, {"tag": "a"}, {"untag": "b"}, {"tag": "c"}]
    life = Life(journey_of(steps=[*steps, {"exit": "done"}]))
    life.event("began")
    assert life.customer.attributes["tags"] == ["a", "c"]
