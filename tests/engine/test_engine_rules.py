"""The rules of a project: suppressed addresses, content of a brand, quiet hours, caps, recency, and deferral."""

from typing import Any

import pytest
from onelife import START_AT, Life, journey_of, ms

from engine.compile import compile_terms
from engine.customer import CONTACTS, Consent, Contact
from engine.decide import decide
from engine.policy.quiet import quiet_until
from engine.policy.terms import Terms
from engine.trace import DEFERRED, DROPPED, REFUSED, input_of
from journeys.model import Brand, Project

NIGHT = "21:00-08:00"


def terms(brand: dict[str, Any] | None = None, **project: Any) -> Terms:
    brands = {"lumiere": Brand.model_validate({"brand": "lumiere", **brand})} if brand else {}
    return compile_terms(Project.model_validate(project), brands)


def sender(message: str = "hello", name: str = "j", **parts: Any) -> dict[str, Any]:
    """A journey that sends at once, as often as it begins."""
    enter = {"on": "began", "again": "always", "key": "event.n"}
    return journey_of(name, **{"enter": enter, "steps": [{"send": message}], **parts})


def begun(person: Life, times: int = 1, every: str = "1h") -> None:
    for number in range(times):
        person.event("began", {"n": number})
        person.advance(every)


def refusals(person: Life) -> list[str]:
    return person.codes(REFUSED)


def hours_until(person: Life, what: str) -> list[float]:
    return [(line.data["until"] - START_AT) / 3_600_000 for line in person.lines(what)]


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


class TestCaps:
    def test_rolling(self) -> None:
        steps = [{"send": "hello", "when_blocked": "drop"}]
        person = Life(sender(steps=steps), terms=terms(caps=[{"most": 2, "within": "3h"}]))
        begun(person, 6)
        assert [hour for _, hour in person.sent_after_hours()] == [0, 1, 3, 4]
        assert refusals(person) == ["cap"] * 2

    @pytest.mark.parametrize(("within", "hours"), [("3h", 3), ("1d", 24), ("2d 1h", 49)])
    def test_to_the_millisecond(self, within: str, hours: int) -> None:
        steps = [{"send": "hello", "when_blocked": "drop"}]
        person = Life(sender(steps=steps), terms=terms(caps=[{"most": 1, "within": within}]))
        for moment in (0, hours * 3_600_000 - 1, hours * 3_600_000):
            person.at = START_AT + moment
            person.event("began", {"n": moment})
        assert person.sent_after_hours() == [("hello", 0), ("hello", hours)]

    @pytest.mark.parametrize(
        ("cap", "first", "refused", "free"),
        [
            ({"within": "1d"}, "2026-03-28T12:00+01:00", "2026-03-29T11:59+02:00", "2026-03-29T12:00+02:00"),
            ({"within": "1d"}, "2026-10-24T12:00+02:00", "2026-10-25T11:59+01:00", "2026-10-25T12:00+01:00"),
            ({"within": "1mo"}, "2026-01-31T12:00+01:00", "2026-02-28T11:59+01:00", "2026-02-28T12:00+01:00"),
            ({"each": "day"}, "2026-10-25T00:00+02:00", "2026-10-25T23:59+01:00", "2026-10-26T00:00+01:00"),
            ({"each": "week"}, "2026-03-02T00:00+01:00", "2026-03-08T23:59+01:00", "2026-03-09T00:00+01:00"),
            ({"each": "week"}, "2026-03-08T23:59+01:00", "2026-03-08T23:59+01:00", "2026-03-09T00:00+01:00"),
            ({"each": "month"}, "2026-01-31T23:59+01:00", "2026-01-31T23:59+01:00", "2026-02-01T00:00+01:00"),
            ({"each": "month"}, "2026-12-01T00:00+01:00", "2026-12-31T23:59+01:00", "2027-01-01T00:00+01:00"),
        ],
    )
    def test_on_the_calendar(self, cap: dict[str, Any], first: str, refused: str, free: str) -> None:
        steps = [{"send": "hello", "when_blocked": "drop"}]
        person = Life(sender(steps=steps), terms=terms(caps=[{"most": 1, **cap}]))
        person.customer.attributes = {**person.customer.attributes, "timezone": "Europe/Paris"}
        for number, moment in enumerate((first, refused, free)):
            person.at = ms(moment)
            person.event("began", {"n": number})
        assert [action.decided_at for action in person.actions()] == [ms(first), ms(free)]

    def test_in_each_day_of_the_persons_zone(self) -> None:
        person = Life(sender(), terms=terms(caps=[{"most": 1, "each": "day"}]), zone="Asia/Tokyo")
        begun(person, 2)
        person.advance("2d")
        # 18:00 in Greenwich is 3:00 in Tokyo: the next day there begins 21 hours later, too late for twelve.
        assert person.sent_after_hours() == [("hello", 0)]
        assert hours_until(person, DROPPED) == [21]

    def test_the_unit_frees_up_at_the_instant_that_was_told(self) -> None:
        person = Life(sender(), terms=terms(caps=[{"most": 2, "within": "10h"}]))
        begun(person, 3)
        assert hours_until(person, DEFERRED) == [10]
        person.advance("1d")
        assert [hour for _, hour in person.sent_after_hours()] == [0, 1, 10]

    @pytest.mark.parametrize(
        ("cap", "sent"),
        [
            ({"channel": "email"}, ["email", "push"]),
            ({"per": "channel"}, ["email", "push"]),
            ({"per": ["channel", "topic"]}, ["email", "push"]),
            ({"channel": "push"}, ["email", "email"]),
            ({"topic": "news"}, ["email", "email"]),
            ({"journey": "other"}, ["email", "email"]),
            ({"per": "topic"}, ["email"]),
            ({"per": "journey"}, ["email"]),
            ({"journey": "j"}, ["email"]),
            ({}, ["email"]),
        ],
    )
    def test_what_is_counted(self, cap: dict[str, Any], sent: list[str]) -> None:
        steps = [{"send": "both", "channels": ["email", "push"], "when_blocked": "drop"}]
        person = Life(sender(steps=steps), terms=terms(caps=[{"most": 1, "within": "3d", **cap}]))
        person.customer.attributes = {**person.customer.attributes, "push": "device"}
        person.customer.consent = {**person.customer.consent, "offers/push": Consent(True, 0)}
        begun(person, 2)
        assert [action.channel for action in person.actions()] == sent

    def test_of_a_journey_alone(self) -> None:
        own = sender("again", "a", caps=[{"most": 1, "within": "1w"}])
        person = Life(own, sender(name="b"))
        begun(person, 2)
        assert sorted(person.sent()) == ["again", "hello", "hello"]

    def test_proposals_of_one_instant_see_each_other(self) -> None:
        person = Life(*(sender(name=name) for name in "abc"), terms=terms(caps=[{"most": 2, "within": "1w"}]))
        person.event("began", {"n": 1})
        assert [action.journey for action in person.actions()] == ["a", "b"]

    @pytest.mark.parametrize("message", ["receipt", "recall"])
    def test_service_and_critical_neither_count_nor_are_counted(self, message: str) -> None:
        person = Life(sender(message), sender(name="m"), terms=terms(caps=[{"most": 1, "within": "1w"}]))
        begun(person, 2)
        assert sorted(person.sent()) == sorted([message, message, "hello"])

    @pytest.mark.parametrize(
        ("receipts", "sent"),
        [
            (["message.failed"], 2),
            (["action.refused"], 2),
            (["message.sent"], 1),
            (["message.sent", "message.failed"], 1),
            ([], 1),
        ],
    )
    def test_a_unit_is_given_back_for_what_did_not_leave(self, receipts: list[str], sent: int) -> None:
        person = Life(sender(), terms=terms(caps=[{"most": 1, "within": "1w"}]))
        person.event("began", {"n": 1})
        for type_ in receipts:
            person.receipt(type_)
        person.event("began", {"n": 2})
        assert len(person.sent()) == sent

    def test_what_may_have_left_counts(self) -> None:
        person = Life(sender(), terms=terms(caps=[{"most": 1, "within": "1w"}]))
        person.event("began", {"n": 1})
        person.event("message.failed", {"action_id": person.actions()[0].id, "message": "hello", "code": "unresolved"})
        person.event("began", {"n": 2})
        assert person.sent() == ["hello"]

    def test_without_caps_nothing_is_remembered(self) -> None:
        person = Life(sender())
        begun(person, 2)
        assert person.customer.contacts == []

    def test_the_memory_is_bounded_and_a_full_one_lets_nothing_through(self) -> None:
        rule = {"most": CONTACTS, "within": "90d", "channel": "email"}
        person = Life(sender(), terms=terms(caps=[rule]))
        begun(person, CONTACTS + 3, "1m")
        assert len(person.customer.contacts) == CONTACTS == len(person.sent())
        person.advance("12w")
        assert [each for each in person.customer.contacts if each.left] == []
        person.advance("6w")
        begun(person)
        assert [each.at > START_AT + 100 * 86_400_000 for each in person.customer.contacts] == [True]


    def test_of_a_full_memory_nobody_knows_what_fell_out(self) -> None:
        person = Life(sender(), terms=terms(caps=[{"most": 3, "within": "30d", "channel": "email"}]))
        pushed = [Contact(f"a{n}", START_AT + n, "push", "offers", "j") for n in range(-CONTACTS, 0)]
        person.customer.contacts = pushed[1:]
        begun(person)
        assert person.sent() == ["hello"]
        person.customer.contacts = pushed
        begun(person)
        assert refusals(person) == ["cap"]
        assert hours_until(person, DROPPED) == [pytest.approx(30 * 24, abs=0.1)]


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
