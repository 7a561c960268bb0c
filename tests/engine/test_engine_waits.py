"""Waits with windows, hours, spreads and restarts; dates that move; what came before; splits and control groups."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from onelife import MESSAGES, START_AT, Life, journey_of, ms

from engine.catalog import Catalog
from engine.compile import DefinitionError, compile_journey
from engine.customer import Customer
from engine.hours import compile_hours
from engine.ids import share
from engine.policy.holdout import HELD_OUT, drawn
from journeys.ids import with_ids
from journeys.model import Hours, Journey

PARIS = "Europe/Paris"


def at_hours(life: Life) -> list[str]:
    """When each message left, in UTC."""
    return [datetime.fromtimestamp(a.decided_at / 1000, UTC).strftime("%m-%d %H:%M") for a in life.actions()]


class TestWait:
    def life(self, zone: str = "UTC", **wait: Any) -> Life:
        return Life(journey_of(steps=[wait, {"send": "hello"}]), zone=zone)

    @pytest.mark.parametrize(
        ("wait", "between", "left"),
        [
            ("1h", "09:00-20:00", "03-02 19:00"),  # Open then.
            ("3h", "09:00-20:00", "03-03 09:00"),  # Closed: the next morning.
            ("2h", "09:00-20:00", "03-03 09:00"),  # The end is out.
            ("15h", "09:00-20:00", "03-03 09:00"),  # The start is in.
            ("4h", "21:00-08:00", "03-02 22:00"),  # Over midnight.
            ("15h", "21:00-08:00", "03-03 21:00"),
            ("0s", "21:00-08:00", "03-02 21:00"),
        ],
    )
    def test_goes_on_inside_the_window(self, wait: str, between: str, left: str) -> None:
        life = self.life(wait=wait, between=between)
        life.event("began")
        life.advance("3d")
        assert at_hours(life) == [left]

    def test_the_window_is_that_of_the_person(self) -> None:
        life = self.life(wait="1h", between="09:00-20:00")
        life.event("customer.updated", {"set": {"timezone": PARIS}})
        life.event("began")
        life.advance("3d")
        assert at_hours(life) == ["03-03 08:00"]

    def test_the_spread_is_drawn_once_per_enrollment_and_stays_inside(self) -> None:
        spreads = set()
        for number in range(20):
            life = Life(
                journey_of(
                    enter={"on": "began", "key": "event.k"},
                    steps=[{"wait": "14h", "between": "09:00-10:00", "jitter": "50m"}, {"send": "hello"}],
                )
            )
            life.event("began", {"k": number})
            life.advance("3d")
            minutes = (life.actions()[0].decided_at - ms("2026-03-03T09:00+00:00")) / 60_000
            assert 0 <= minutes < 50
            spreads.add(minutes)
        assert len(spreads) == 20

    def test_begins_anew_with_each_event_of_the_same_key_only(self) -> None:
        enter = {"on": "basket", "key": "event.k"}
        life = Life(journey_of(enter=enter, steps=[{"wait": "2h", "restart_on": "basket"}, {"send": "hello"}]))
        life.event("basket", {"k": "a"})
        life.advance("1h")
        life.event("basket", {"k": "a"})
        life.event("basket", {"k": "b"})
        life.event("basket", {})
        life.advance("90m")
        assert life.sent() == []
        life.advance("9h")
        assert life.sent_after_hours() == [("hello", 3), ("hello", 3)]

    def test_never_longer_than_the_ttl(self) -> None:
        life = Life(journey_of(ttl="5h", steps=[{"wait": "2h", "restart_on": "began"}, {"send": "hello"}]))
        for _ in range(6):
            life.event("began")
            life.advance("1h")
        assert (life.sent(), life.outcomes()) == ([], ["expired"])

    def test_in_the_hours_of_the_project(self) -> None:
        hours = compile_hours(Hours.model_validate({"days": {"monday-friday": "09:00-17:00"}}), "UTC")
        definition = journey_of(steps=[{"wait": "4d", "hours": "office"}, {"send": "hello"}])
        life = Life()
        found = compile_journey(with_ids(Journey.model_validate(definition)), "v1", MESSAGES, "UTC", {"office": hours})
        life.catalog = Catalog(1, {"j": found}, lambda _name, _version: None)
        life.event("began")
        life.advance("9d")
        assert at_hours(life) == ["03-09 09:00"]

    def test_hours_that_nobody_named_are_a_fault(self) -> None:
        definition = with_ids(Journey.model_validate(journey_of(steps=[{"wait": "4d", "hours": "office"}])))
        with pytest.raises(DefinitionError, match="hours office are unknown"):
            compile_journey(definition, "v1", MESSAGES)


class TestWaitUntil:
    def life(self, zone: str = "UTC", exits: list[Any] | None = None, **wait: Any) -> Life:
        steps = [wait, {"send": "hello"}, {"send": "again"}]
        return Life(journey_of(steps=steps, ttl="90d", exit=exits or []), zone=zone)

    def person(self, life: Life, **attributes: Any) -> None:
        life.event("customer.updated", {"set": attributes})

    def test_a_date_with_its_offset_and_hour(self) -> None:
        life = self.life(PARIS, wait_until="customer.visit", offset="-1d", at="10:00")
        self.person(life, visit="2026-03-30")  # The clock was moved on the 29th.
        life.event("began")
        life.advance("60d")
        assert at_hours(life) == ["03-29 08:00", "03-29 08:00"]

    def test_an_instant_of_the_entry(self) -> None:
        life = self.life(wait_until="entry.visit_at", offset="-2h")
        life.event("began", {"visit_at": "2026-03-05T12:00:00Z"})
        life.advance("9d")
        assert at_hours(life)[0] == "03-05 10:00"

    @pytest.mark.parametrize(
        ("past", "sent", "outcome"),
        [("go", ["hello", "again"], "completed"), ("skip", ["again"], "completed"), ("exit", [], "past")],
    )
    def test_a_date_already_past(self, past: str, sent: list[str], outcome: str) -> None:
        life = self.life(wait_until="customer.visit", past=past)
        self.person(life, visit="2026-02-01")
        life.event("began")
        assert (life.sent(), life.outcomes()) == (sent, [outcome])

    def test_moved_while_waiting_earlier_later_and_into_the_past(self) -> None:
        life = self.life(wait_until="customer.visit", past="skip")
        self.person(life, visit="2026-03-20")
        life.event("began")
        self.person(life, visit="2026-03-25")
        life.advance("20d")
        assert life.sent() == []
        self.person(life, visit="2026-03-10")
        assert life.sent() == ["again"]

    def test_cleared_while_waiting(self) -> None:
        for otherwise, outcome in ((None, "no_date"), ([{"exit": "cancelled"}], "cancelled")):
            life = self.life(wait_until="customer.visit", **({"else": otherwise} if otherwise else {}))
            self.person(life, visit="2026-03-20")
            life.event("began")
            life.event("customer.updated", {"unset": ["visit"]})
            assert (life.outcomes(), life.sent()) == ([outcome], [])

    @pytest.mark.parametrize("value", ["soon", True, None, 3])
    def test_no_date_at_all(self, value: object) -> None:
        life = self.life(wait_until="customer.visit")
        self.person(life, visit=value)
        life.event("began")
        assert life.outcomes() == ["no_date"]

    def test_the_next_weekday(self) -> None:
        life = self.life(PARIS, wait_until={"weekday": ["monday", "thursday"], "at": "09:30"})
        life.event("began")  # A Monday, 19:00 in Paris.
        life.advance("9d")
        assert at_hours(life)[0] == "03-05 08:30"

    def test_what_another_journey_writes_moves_it_in_the_same_decision(self) -> None:
        mover = journey_of("mover", enter={"on": "move"}, steps=[{"set": {"customer.visit": "event.to"}}])
        waiter = journey_of("waiter", steps=[{"wait_until": "customer.visit"}, {"send": "hello"}])
        life = Life(mover, waiter)
        self.person(life, visit="2026-03-20")
        life.event("began")
        life.event("move", {"to": "2026-03-04"})
        assert life.customer.enrollments[0].due_at == ms("2026-03-04T00:00+00:00")


class TestWaitFor:
    def test_looks_back_so_far_and_no_farther(self) -> None:
        for back, sent in (("1h", []), ("3h", ["again"])):
            wait = {"wait_for": "paid", "within": "1d", "look_back": back, "do": [{"send": "again"}]}
            life = Life(journey_of(steps=[wait]))
            life.event("paid")
            life.advance("2h")
            life.event("began")
            assert life.sent() == sent

    def test_what_came_before_is_held_to_the_conditions(self) -> None:
        wait = {
            "wait_for": "paid",
            "within": "1d",
            "look_back": "3h",
            "where": "event.n > 2",
            "do": [{"send": "again"}],
        }
        life = Life(journey_of(steps=[wait]))
        life.event("paid", {"n": 1})
        life.event("began")
        assert life.sent() == []
        life.event("paid", {"n": 3})
        assert life.sent() == ["again"]

    def test_a_state_of_the_person_already_there_or_to_come(self) -> None:
        wait = {"wait_for": {"when": "customer.tier == 'gold'", "do": [{"send": "again"}]}, "within": "1d"}
        for before in (True, False):
            life = Life(journey_of(steps=[wait, {"exit": "done"}]))
            for _ in range(2) if before else ():
                life.event("customer.updated", {"set": {"tier": "gold"}})
            life.event("began")
            life.event("customer.updated", {"set": {"tier": "gold"}})
            assert life.sent() == ["again"]

    def test_events_and_states_in_one_list_the_first_wins(self) -> None:
        wait = {
            "wait_for": [{"on": "paid", "do": [{"exit": "paid"}]}, {"when": "customer.x == 1", "do": [{"exit": "x"}]}],
            "within": "1d",
            "else": [{"exit": "late"}],
        }
        outcomes = []
        for told in (("paid", {}), ("customer.updated", {"set": {"x": 1}}), ("visit", {})):
            life = Life(journey_of(steps=[wait]))
            life.event("began")
            life.event(*told)
            life.advance("2d")
            outcomes += life.outcomes()
        assert outcomes == ["paid", "x", "late"]


ARMS = {
    "a": {"weight": 30, "do": [{"send": "hello"}]},
    "b": {"weight": 60, "do": [{"send": "again"}]},
    "c": {"weight": 10, "control": "yes"},
}


class TestSplit:
    def life(self, arms: Any = ARMS, person: str = "c1") -> Life:
        life = Life(self.journey(arms))
        life.customer.person_key = person
        return life

    def journey(self, arms: Any) -> dict[str, Any]:
        return journey_of(enter={"on": "began", "again": "always"}, steps=[{"split": "subject", "arms": arms}])

    def test_the_shares_are_those_of_the_weights(self) -> None:
        drawn_arms = []
        for number in range(600):
            life = self.life(person=f"p{number}")
            life.event("began")
            drawn_arms.append(life.customer.arms["subject"])
        shares = [drawn_arms.count(arm) / 600 for arm in "abc"]
        assert shares == pytest.approx([0.3, 0.6, 0.1], abs=0.06)

    def test_changed_weights_keep_a_person_in_the_arm_and_a_removed_arm_draws_anew(self) -> None:
        life = self.life()
        life.event("began")
        arm = life.customer.arms["subject"]
        others = {name: {**part, "weight": 50} for name, part in ARMS.items() if name != arm}
        life.release(self.journey({arm: {**ARMS[arm], "weight": 0}, **others}), version="v2")
        life.event("began")
        assert life.customer.arms["subject"] == arm
        life.release(self.journey(others), version="v3")
        life.event("began")
        assert life.customer.arms["subject"] in others

    def test_the_exposure_is_told_and_the_control_gets_nothing(self) -> None:
        person = next(f"p{n}" for n in range(1000) if share("subject", f"p{n}") >= 0.9)
        life = self.life(person=person)
        life.event("began")
        (line,) = life.lines("exposed")
        shares = {"a": 0.3, "b": 0.6, "c": 0.1}
        told = {"split": "subject", "control": True}
        assert (line.code, line.data, life.sent()) == ("c", {**told, "shares": shares}, [])
        life.event("began")
        assert life.lines("exposed")[1].data == told

    def test_weights_that_are_not_a_hundred_do_not_compile(self) -> None:
        with pytest.raises(DefinitionError, match="sum to 90; make them 100"):
            self.life({"a": {"weight": 90}})


class TestHoldout:
    def life(self, person: str, message: str = "hello") -> Life:
        life = Life(journey_of(holdout="20%", goal={"on": "paid", "within": "5d"}, steps=[{"send": message}]))
        life.customer.person_key = person
        return life

    CONTROL = next(f"p{n}" for n in range(1000) if drawn("j", f"p{n}", 0.2) == HELD_OUT)

    def test_a_fifth_gets_no_marketing_and_its_goal_counts(self) -> None:
        life = self.life(self.CONTROL)
        life.event("began")
        life.event("paid")
        assert (life.sent(), life.codes("refused"), len(life.lines("goal"))) == ([], ["holdout"], 1)

    def test_service_messages_have_no_control_group(self) -> None:
        life = self.life(self.CONTROL, "receipt")
        life.event("began")
        assert life.sent() == ["receipt"]

    def test_the_share_is_right_and_the_group_is_kept_over_versions(self) -> None:
        groups = [drawn("j", f"p{number}", 0.2) for number in range(5000)]
        assert groups.count(HELD_OUT) / 5000 == pytest.approx(0.2, abs=0.02)
        life = self.life(self.CONTROL)
        life.event("began")
        life.release(journey_of(holdout="1%", steps=[{"send": "hello"}]), version="v2")
        life.event("began")
        assert life.codes("refused") == ["holdout", "holdout"]


def test_the_first_channel_that_policy_lets_through() -> None:
    def person(consents: list[str], push: bool) -> Life:
        send = {"send": "both", "channels": ["push", "email"], "when_blocked": {"else": [{"exit": "no"}]}}
        life = Life(journey_of(steps=[send]), consent=False)
        life.customer.attributes |= {"push": "token"} if push else {}
        for channel in consents:
            life.event("consent.changed", {"topic": "offers", "channel": channel, "given": True})
        life.event("began")
        return life

    assert [a.channel for a in person(["push", "email"], True).actions()] == ["push"]
    assert [a.channel for a in person(["push", "email"], False).actions()] == ["email"]
    neither = person([], True)
    assert (neither.codes("refused"), neither.outcomes()) == (["consent", "consent"], ["no"])
    first, second = person(["push"], True).actions()[0], person(["email"], True).actions()[0]
    assert first.id != second.id


def test_a_customer_of_an_older_program_is_read() -> None:
    """Fields are only appended: a record without the new ones is a customer without them."""
    life = Life(journey_of(steps=[{"wait": "1h"}]))
    life.event("began")
    plain = msgspec.to_builtins(life.customer)
    plain[10] = [each[:15] for each in plain[10]]
    older = msgspec.convert(plain[:15], Customer)
    assert (older.id, older.history, older.alarms, older.armed) == ("c1", {}, {}, 0)
    assert older.enrollments[0].branches == []
    assert older.enrollments[0].due_at == START_AT + 3_600_000
