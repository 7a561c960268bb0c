"""Caps: what counts, for how long to the millisecond, on the calendar, and what is given back."""

from typing import Any

import pytest
from onelife import START_AT, Life, ms
from ruled import begun, hours_until, refusals, sender, terms

from engine.customer import CONTACTS, Consent, Contact
from engine.trace import DEFERRED, DROPPED


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
