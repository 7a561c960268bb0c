"""The rules of a project: suppressed addresses, content of a brand, quiet hours, recency, and deferral."""

import pytest
from onelife import START_AT, Life, journey_of, ms
from ruled import NIGHT, begun, hours_until, refusals, sender, terms

from engine.customer import Consent
from engine.decide import decide
from engine.policy.quiet import quiet_until
from engine.trace import DEFERRED, DROPPED, input_of


class TestSuppressed:
    @pytest.mark.parametrize("listed", [["ADA@shop.example "], "ada@shop.example", ["email"], ["x", "email"]])
    def test_nothing_of_any_class_goes_to_a_suppressed_address(self, listed: object) -> None:
        person = Life(sender("recall"))
        person.customer.attributes = {**person.customer.attributes, "suppressed": listed}
        begun(person)
        assert (person.sent(), refusals(person)) == ([], ["suppressed"])

    @pytest.mark.parametrize("listed", [[], ["old@shop.example"], ["push"], [7, None], 7])
    def test_another_address_is_not_suppressed(self, listed: object) -> None:
        person = Life(sender("recall"))
        person.customer.attributes = {**person.customer.attributes, "suppressed": listed}
        begun(person)
        assert person.sent() == ["recall"]


class TestContent:
    WINE = sender("wine", brand="lumiere")

    def test_what_a_brand_never_promotes(self) -> None:
        person = Life(self.WINE, terms=terms({"content_policy": [{"forbid": ["credit", "alcohol"]}]}))
        begun(person)
        assert (person.sent(), refusals(person)) == ([], ["content"])

    @pytest.mark.parametrize(("age", "sent"), [(17, []), (18, ["wine"]), (None, [])])
    def test_to_whom_it_does_not(self, age: int | None, sent: list[str]) -> None:
        rule = {"forbid": "alcohol", "unless": "customer.age >= 18"}
        person = Life(self.WINE, terms=terms({"content_policy": [rule]}))
        if age is not None:
            person.customer.attributes = {**person.customer.attributes, "age": age}
        begun(person)
        assert person.sent() == sent

    def test_only_those_for_whom_a_condition_holds(self) -> None:
        rule = {"forbid": "alcohol", "when": 'count("relapse", "30d") > 0'}
        person = Life(self.WINE, terms=terms({"content_policy": [rule]}))
        begun(person)
        person.event("relapse")
        begun(person)
        assert (person.sent(), refusals(person)) == (["wine"], ["content"])

    def test_other_brands_and_categories_are_free(self) -> None:
        own = terms({"content_policy": [{"forbid": "alcohol"}]})
        assert Life(sender("wine"), terms=own).event("began", {"n": 1}).outputs
        assert Life(sender("hello", brand="lumiere"), terms=own).event("began", {"n": 1}).outputs


class TestQuietHours:
    def test_what_falls_into_the_night_leaves_in_the_morning(self) -> None:
        person = Life(sender(steps=[{"wait": "5h"}, {"send": "hello"}]), terms=terms(quiet_hours=NIGHT))
        person.event("began", {"n": 1})
        person.advance("2d")
        assert refusals(person) == ["quiet_hours"]
        assert hours_until(person, DEFERRED) == [14]
        assert person.sent_after_hours() == [("hello", 14)]
        assert person.outcomes() == ["completed"]

    @pytest.mark.parametrize(("message", "sent"), [("receipt", []), ("recall", ["recall"])])
    def test_service_keeps_them_critical_does_not(self, message: str, sent: list[str]) -> None:
        person = Life(sender(message), terms=terms(quiet_hours="12:00-20:00"), consent=False)
        person.event("began", {"n": 1})
        assert person.sent() == sent
        assert person.actions()[0].quiet is None if sent else True

    def test_the_zone_is_the_persons(self) -> None:
        person = Life(sender(), terms=terms(quiet_hours=NIGHT))
        person.customer.attributes = {**person.customer.attributes, "timezone": "Asia/Tokyo"}
        person.event("began", {"n": 1})
        assert hours_until(person, DEFERRED) == [5]

    def test_a_channel_may_have_its_own(self) -> None:
        own = terms(quiet_hours={"between": "12:00-20:00", "channels": {"push": "none"}})
        person = Life(sender("both", steps=[{"send": "both", "channels": ["email", "push"]}]), terms=own)
        person.customer.attributes = {**person.customer.attributes, "push": "device"}
        person.customer.consent = {**person.customer.consent, "offers/push": Consent(True, 0)}
        person.event("began", {"n": 1})
        assert [action.channel for action in person.actions()] == ["push"]

    def test_holidays_are_quiet_all_day(self) -> None:
        at = ms("2026-04-05T22:00+02:00")
        until = quiet_until(at, (21 * 60, 8 * 60), "FR", "Europe/Paris")
        assert until == ms("2026-04-07T08:00+02:00")  # Easter Monday lies between
        assert quiet_until(ms("2026-04-07T09:00+02:00"), (21 * 60, 8 * 60), "FR", "Europe/Paris") == 0

    @pytest.mark.parametrize(
        ("at", "until"),
        [
            ("2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00"),
            ("2026-10-25T02:10+02:00", "2026-10-25T02:30+02:00"),
            ("2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"),
        ],
    )
    def test_daylight_saving(self, at: str, until: str) -> None:
        window = (60, 150) if "10-25" in at else (60, 170)
        assert quiet_until(ms(at), window, "", "Europe/Paris") == ms(until)


class TestDeferral:
    def test_at_most_so_long_after_the_first_proposal(self) -> None:
        person = Life(
            sender(steps=[{"wait": "5h"}, {"send": "hello", "when_blocked": {"defer": "8h"}}]),
            terms=terms(quiet_hours=NIGHT),
        )
        person.event("began", {"n": 1})
        person.advance("2d")
        assert (person.sent(), person.codes(DROPPED), person.outcomes()) == ([], ["late"], ["completed"])
        assert person.decisions[-1].trace and person.decisions[-1].trace.at == START_AT + 5 * 3_600_000

    @pytest.mark.parametrize("blocked", ["drop", {"else": [{"send": "recall"}]}])
    def test_drop_and_else_do_not_wait(self, blocked: object) -> None:
        steps = [{"send": "hello", "when_blocked": blocked}]
        person = Life(sender(steps=steps), terms=terms(quiet_hours="12:00-20:00"))
        person.event("began", {"n": 1})
        assert person.codes(DEFERRED) == []
        assert person.sent() == ([] if blocked == "drop" else ["recall"])

    def test_void_after_counts_from_the_first_proposal(self) -> None:
        quiet = terms(quiet_hours="12:00-20:00")
        person = Life(sender(steps=[{"send": "hello", "void_after": "3h"}]), terms=quiet)
        person.event("began", {"n": 1})
        person.advance("3h")
        assert [action.void_at for action in person.actions()] == [START_AT + 3 * 3_600_000]
        person = Life(sender(steps=[{"send": "hello", "void_after": "2h"}]), terms=quiet)
        person.event("began", {"n": 1})
        person.advance("3h")
        assert (person.sent(), person.codes(DROPPED)) == ([], ["late"])

    def test_nothing_is_put_off_past_the_ttl(self) -> None:
        person = Life(sender(ttl="2h"), terms=terms(quiet_hours="12:00-20:00"))
        person.event("began", {"n": 1})
        assert (person.codes(DROPPED), person.outcomes()) == (["late"], ["completed"])

    def test_the_event_in_hand_is_kept(self) -> None:
        person = Life(sender("about"), terms=terms(quiet_hours="12:00-20:00"))
        person.event("began", {"n": 1, "total": 5})
        person.advance("1d")
        assert [action.variables for action in person.actions()] == [{"event": {"total": 5}}]

    def test_two_rules_one_behind_the_other(self) -> None:
        """A cap frees a unit in the night: the quiet hours refuse then, and the twelve hours count from the first."""
        own = terms(quiet_hours=NIGHT, caps=[{"most": 1, "within": "8h"}])
        steps = [{"send": "hello", "when_blocked": {"defer": "20h"}}]
        person = Life(sender(steps=steps), terms=own)
        begun(person, 2, "30m")
        person.advance("2d")
        assert refusals(person) == ["cap", "quiet_hours"]
        assert person.sent_after_hours() == [("hello", 0), ("hello", 14)]

    def test_the_time_counts_from_the_first_proposal_not_from_the_last(self) -> None:
        """At 2:00 the cap is free, at 8:00 the night is over: that is 13.5 hours after 18:30."""
        person = Life(sender(), terms=terms(quiet_hours=NIGHT, caps=[{"most": 1, "within": "8h"}]))
        begun(person, 2, "30m")
        person.advance("2d")
        assert (hours_until(person, DEFERRED), hours_until(person, DROPPED)) == ([8], [14])
        assert person.sent_after_hours() == [("hello", 0)]

    def test_it_counts_from_the_first_of_three(self) -> None:
        """The short cap is free at 2:00, the night over at 8:00, the long cap free at 15:00: 20.5 hours after 18:30."""
        own = terms(quiet_hours=NIGHT, caps=[{"most": 1, "within": "8h"}, {"most": 1, "within": "21h"}])
        person = Life(sender(steps=[{"send": "hello", "when_blocked": {"defer": "20h"}}]), terms=own)
        begun(person, 2, "30m")
        person.advance("2d")
        assert (hours_until(person, DEFERRED), hours_until(person, DROPPED)) == ([8, 14], [21])

    def test_an_exit_ends_the_waiting(self) -> None:
        person = Life(sender(exit=[{"on": "ordered"}]), terms=terms(quiet_hours="12:00-20:00"))
        person.event("began", {"n": 1})
        person.event("ordered")
        person.advance("1d")
        assert (person.sent(), person.outcomes()) == ([], ["exited"])


class TestRecency:
    def test_nothing_marketing_after_a_complaint(self) -> None:
        own = terms(recency=[{"after": ["complained", "scored.low"], "for": "3h"}])
        person = Life(sender(), sender("receipt", "s"), terms=own)
        person.event("complained")
        begun(person, 1, "2h")
        assert (person.sent(), refusals(person)) == (["receipt"], ["recency"])
        person.advance("1h")
        assert person.sent() == ["receipt", "hello"]
        assert person.sent_after_hours()[-1] == ("hello", 3)

    def test_an_unsubscribe_is_a_no_and_a_yes_is_none(self) -> None:
        person = Life(sender(), terms=terms(recency=[{"after": "consent.changed", "for": "3d"}]))
        person.event("consent.changed", {"topic": "offers", "channel": "email", "given": True})
        begun(person)
        person.event("consent.changed", {"topic": "news", "channel": "sms", "given": False})
        begun(person)
        assert (person.sent(), refusals(person)) == (["hello"], ["recency"])


def test_a_parallel_that_is_joined_drops_what_its_other_branches_proposed() -> None:
    branches = {"one": {"do": [{"send": "hello"}]}, "two": {"do": [{"send": "again"}]}}
    person = Life(journey_of(steps=[{"parallel": "both", "join": "any", "branches": branches}, {"send": "recall"}]))
    person.event("began")
    assert (len(person.sent()), person.sent()[-1], person.codes(DROPPED)) == (2, "recall", ["left"])


def test_an_exit_by_an_event_of_the_decision_itself_drops_what_is_pending() -> None:
    stopped = journey_of("a", steps=[{"send": "hello"}], exit=[{"on": "stop"}])
    stopper = journey_of("b", steps=[{"emit": "stop"}])
    person = Life(stopped, stopper)
    person.event("began")
    assert (person.sent(), person.codes(DROPPED), person.outcomes()) == ([], ["left"], ["completed", "exited"])


def test_a_loop_through_sends_ends() -> None:
    steps = [{"repeat": 1000, "do": [{"send": "recall"}]}]
    person = Life(journey_of(steps=steps))
    person.event("began")
    assert len(person.sent()) <= 50
    assert person.codes("error") == ["too_many_nodes"]


def test_a_replay_of_a_deferral_is_the_same() -> None:
    person = Life(sender(), terms=terms(quiet_hours="12:00-20:00"))
    before = person.customer
    decision = person.event("began", {"n": 1})
    assert decision.trace is not None
    assert decide(person.catalog, before, input_of(decision.trace)) == decision
