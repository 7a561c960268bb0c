"""The shipped journeys at their edges: what is told twice, late, at night, of people without a name, by a letter."""

from pathlib import Path
from typing import Any

import msgspec

from cli.folder import read_files
from engine.decision import Action, ConsentChange, Task, TaskClosed, TaskWarning, Void
from journeys.lives import instant, local
from journeys.load import load_project
from journeys.messages.render import render
from journeys.uses import needed
from streams.context.records import put
from streams.driver import Driver, catalog_of
from streams.links.links import Links, given
from streams.links.tokens import SCAN, Keys, Target
from streams.touchpoints.decoder import Fix, Touchpoint, encode_touchpoint

SHIPPED = Path(__file__).parents[2] / "journeys" / "definitions"
ZONE = "Europe/London"
RULES = """
quiet_hours: {between: "21:00-08:00"}
caps:
  - {most: 1, within: 7d}
"""


class Person:
    """One customer of the journeys named, with an e-mail address, and what they get.

    Where nothing `leaves`, it stays in the queue of the dispatcher.
    """

    def __init__(
        self, at: str, *journeys: str, rules: str = "", name: str = "ada", leaves: bool = True, **attributes: Any
    ) -> None:
        files = dict(needed(read_files([SHIPPED])[1], [f"journeys/{each}.yaml" for each in journeys]))
        files["project.yaml"] += rules
        self.folder = load_project(files)
        self._driver = Driver(catalog_of(self.folder, journeys), instant(at, ZONE))
        self._name = name
        self._leaves = leaves
        self._found: list[str] = []
        self.actions: list[Action] = []
        if attributes:
            self.tell("customer.updated", set={"timezone": ZONE, **attributes})

    def agrees(self, topic: str, channel: str, given: bool = True, **envelope: str) -> None:
        """An answer about a topic and a channel."""
        self.tell("consent.changed", topic=topic, channel=channel, given=given, **envelope)

    def tell(self, type: str, id: str = "", at: str = "", happened: str = "", **properties: Any) -> None:
        """An event now, or at a local time to come; what had `happened` before is told late."""
        if at:
            self._go(instant(at, ZONE))
        occurred = instant(happened, ZONE) if happened else self._driver.now
        out = encode_touchpoint(
            Touchpoint(type, self._name, id=id or None, occurred_at=occurred, properties=properties)
        )
        self._driver.pipe(out.value, key=out.key)
        self._read()

    def surround(self, under: str, id: str, **about: Any) -> None:
        """Something of the surroundings is so from now on."""
        put(self._driver.context, under, id, msgspec.json.encode({"id": id, **about}))

    def walks(self, lat: float, lon: float) -> None:
        """Is there now, by the phone."""
        self._driver.event("position.reported", self._name, place=Fix(lat, lon, 15.0))
        self._read()

    def got(self, until: str) -> list[str]:
        """Messages, tasks, warnings and ends of tasks since the last call, up to a local time; all of them leave."""
        self._go(instant(until, ZONE))
        found, self._found = self._found, []
        return found

    def _go(self, to: int) -> None:
        while (due := self._driver.next_due()) and due <= to:
            self._driver.advance(due)
            self._read()
        self._driver.advance(to)
        self._read()

    def _read(self) -> None:
        for each in self._driver.read():
            match each:
                case Action():
                    self.actions.append(each)
                    self._found.append(f"{each.channel}:{each.message}@{local(each.decided_at, ZONE)}")
                    if self._leaves:
                        self.tell("message.sent", action_id=each.id, message=each.message)
                case Void():
                    self._found.append(f"void@{local(each.decided_at, ZONE)}")
                case ConsentChange():
                    self._found.append(f"{each.topic}/{each.channel} {each.given}@{local(each.decided_at, ZONE)}")
                case Task():
                    self._found.append(f"task:{each.queue}@{local(each.decided_at, ZONE)}")
                case TaskWarning():
                    self._found.append(f"warning@{local(each.decided_at, ZONE)}")
                case TaskClosed():
                    self._found.append(f"{each.outcome}@{local(each.decided_at, ZONE)}")


def test_a_touchpoint_that_comes_twice_is_taken_once() -> None:
    ada = Person("2026-03-02T10:00", "how-was-it", "survey-answer", email="ada@example.org")
    ada.tell("survey.answered", id="s-1", survey_id="s1", kind="nps", score=2)
    ada.tell("survey.answered", id="s-1", survey_id="s1", kind="nps", score=2)
    ada.tell("survey.answered", id="s-2", survey_id="s1", kind="nps", score=2)
    assert ada.got("2026-03-02T12:00") == ["task:hotline@2026-03-02T10:00"]


def test_a_complaint_is_warned_about_before_its_time_is_over_and_escalated_behind_it() -> None:
    post = {"mention_id": "m1", "network": "Instagram", "sentiment": "negative", "url": "https://social.example/p/1"}
    ada = Person("2026-03-02T10:00", "public-complaint", name="instagram:@ada")
    ada.tell("mention.posted", brand="lumiere", **post)
    assert ada.got("2026-03-02T11:00") == [
        "task:social@2026-03-02T10:00", "warning@2026-03-02T10:07", "expired@2026-03-02T10:10",
        "task:duty-manager@2026-03-02T10:10", "warning@2026-03-02T10:20", "expired@2026-03-02T10:25",
    ]  # fmt: skip
    ada.tell("mention.posted", brand="atelier", **{**post, "mention_id": "m2"})
    assert ada.got("2026-03-02T11:31")[:3] == [
        "task:social@2026-03-02T11:00", "warning@2026-03-02T11:20", "expired@2026-03-02T11:30",
    ]  # fmt: skip


def test_a_post_that_the_tool_finds_two_hours_late_is_answered_all_the_same() -> None:
    ada = Person("2026-03-02T10:00", "public-complaint", name="instagram:@ada")
    post = {"mention_id": "m1", "network": "X", "brand": "lumiere", "sentiment": "negative", "url": "https://x.example"}
    ada.tell("mention.posted", happened="2026-03-02T08:00", **post)
    assert ada.got("2026-03-02T10:05") == ["task:social@2026-03-02T10:00"]


class TestOrders:
    def begun(self, rules: str = "", **promised: str) -> Person:
        """Ordered in the morning, confirmed, and by SMS told of all that follows."""
        ada = Person(
            "2026-03-02T10:00", "order-status", "parcel-news", rules=rules, email="a@example.org", sms="+447700900123"
        )
        ada.tell("order.confirmed", order_id="o1", total=48.0, promised_on=promised.get("on", "2026-03-05"))
        assert ada.got("2026-03-02T10:01") == ["email:order-confirmed@2026-03-02T10:00"]
        return ada

    def test_scans_of_one_batch_count_by_when_they_were_made(self) -> None:
        ada = self.begun()
        ada.tell("order.out_for_delivery", order_id="o1", at="2026-03-05T12:00", happened="2026-03-05T06:00")
        ada.tell("order.delayed", order_id="o1", happened="2026-03-04T18:00", promised_on="2026-03-06")
        ada.tell("order.shipped", order_id="o1", happened="2026-03-03T18:00")
        assert ada.got("2026-03-05T13:00") == ["sms:parcel-news@2026-03-05T12:00"]

    def test_a_delivery_told_five_days_late_still_ends_it_and_nothing_older_undoes_that(self) -> None:
        ada = self.begun()
        ada.tell("order.shipped", order_id="o1", at="2026-03-04T09:00")
        ada.tell("order.delivered", order_id="o1", at="2026-03-04T09:30", happened="2026-02-28T09:00")
        ada.tell("order.shipped", order_id="o1", at="2026-03-04T10:00")
        ada.tell("order.delayed", order_id="o1", at="2026-03-04T11:00", promised_on="2026-03-09")
        assert ada.got("2026-05-01T10:00") == ["sms:parcel-news@2026-03-04T09:00"]

    def test_news_waits_for_the_morning_but_not_that_it_does_not_come_today(self) -> None:
        ada = self.begun(RULES)
        ada.tell("order.shipped", order_id="o1", at="2026-03-02T22:00")
        assert ada.got("2026-03-03T09:00") == ["sms:parcel-news@2026-03-03T08:00"]
        ada.tell("order.delayed", order_id="o1", at="2026-03-05T06:00", promised_on="2026-03-06")
        assert ada.got("2026-03-05T06:01") == ["sms:parcel-late-today@2026-03-05T06:00"]

    def test_no_cap_counts_what_is_about_an_order(self) -> None:
        ada = self.begun(RULES)
        for day in (3, 4, 5):
            ada.tell("order.out_for_delivery", order_id="o1", at=f"2026-03-0{day}T09:00")
            told = [f"sms:parcel-news@2026-03-0{day}T09:00", f"email:parcel-news@2026-03-0{day}T11:00"]
            assert ada.got(f"2026-03-0{day}T12:00") == told


def test_the_question_keeps_the_caps_and_the_night_of_the_house() -> None:
    ada = Person("2026-03-02T10:00", "how-was-it", "voucher", rules=RULES, email="ada@example.org")
    for topic in ("offers", "feedback"):
        ada.agrees(topic, "email")
    ada.tell("letter.scanned", letter="voucher")
    ada.tell("call.ended", call_id="k1")
    assert ada.got("2026-04-30T10:00") == ["email:voucher@2026-03-02T10:00"], "a second letter of the week is not asked"


def test_a_yes_of_last_week_that_comes_late_does_not_undo_the_no_of_today() -> None:
    ada = Person("2026-03-02T10:00", "double-opt-in", "voucher", email="ada@example.org")
    ada.agrees("offers", "email", given=False)
    ada.agrees("offers", "email", happened="2026-02-24T10:00")
    ada.tell("letter.scanned", letter="voucher")
    assert ada.got("2026-03-03T10:00") == []


def test_a_yes_taken_back_in_the_night_stops_what_waits_for_the_morning() -> None:
    ada = Person("2026-03-02T22:00", "voucher", rules=RULES, email="ada@example.org")
    ada.agrees("offers", "email")
    ada.tell("letter.scanned", letter="voucher")
    ada.tell("consent.changed", at="2026-03-02T23:00", topic="offers", channel="email", given=False)
    assert ada.got("2026-03-03T12:00") == []


def test_stop_reaches_what_is_queued_of_every_journey_at_once() -> None:
    ada = Person("2026-03-02T12:00", "voucher", "workshop-invite", leaves=False, sms="+447700900123", city="London")
    ada.agrees("offers", "sms")
    ada.tell("customer.updated", set={"taste": {"candles": 9}})
    ada.tell("letter.scanned", letter="voucher")
    workshop = {"title": "Candles", "starts_at": "2026-03-21T18:30", "store_name": "Covent Garden"}
    ada.tell("workshop.announced", workshop_id="w7", **workshop)
    assert ada.got("2026-03-02T12:05") == ["sms:voucher@2026-03-02T12:00", "sms:workshop-invite@2026-03-02T12:00"]
    ada.agrees("*", "sms", given=False)
    told = ada.got("2026-03-02T12:06")
    assert "offers/sms False@2026-03-02T12:05" in told, "the dispatcher refuses the voucher that is queued"
    assert "void@2026-03-02T12:05" in told, "the journey that STOP ends voids its own"
    ada.tell("workshop.announced", workshop_id="w8", **workshop)
    assert ada.got("2026-04-30T12:00") == []


def test_the_code_on_a_letter_leads_back_to_the_person_whose_letter_it_is() -> None:
    place = "Ada Lovelace\n12 St James's Square\nLondon SW1Y 4JH"
    ada = Person("2026-03-02T12:00", "printed-letter", email="ada@example.org", tier="gold", postal=place)
    for channel in ("postal", "email"):
        ada.agrees("offers", channel)
    ada.tell("letter.printed", letter="spring-letter")
    assert ada.got("2026-03-09T19:00") == ["postal:spring-letter@2026-03-02T12:00"]
    [letter], message = ada.actions, ada.folder.messages["spring-letter"]
    keys = Keys({"2026": "k" * 32})
    made = given(Links("https://l.example", keys), letter, message)
    [(code, token)] = made.codes.items()
    printed = render(message, "postal", {**letter.variables, **made.variables}, "", "printed-letter")
    assert printed.data["code"] == f"https://l.example/q/{code}"
    scanned = keys.read(SCAN, token, Target)
    assert scanned is not None
    assert (scanned.customer, scanned.url) == ("ada", "https://shop.example/spring")
    # What streams/links/follow.py tells of a scan.
    about = {"action_id": scanned.action, "message": scanned.message, "letter": scanned.message, "code": code}
    ada.tell("letter.scanned", **about)
    assert ada.got("2026-03-13T12:00") == ["email:spring-gift@2026-03-12T10:00"]


def reminded(*looked_at: str, ordered: bool = False) -> str:
    """What the reminder of a basket says, once this was looked at, and maybe ordered before."""
    ada = Person("2026-02-02T12:00", "abandoned-basket", email="ada@example.org")
    ada.agrees("offers", "email")
    if ordered:
        ada.tell("order.placed", total=12.0)
    for category in looked_at:
        ada.tell("product.viewed", at="2026-03-02T12:00", product="Fig", category=category)
    ada.tell("basket.updated", at="2026-03-02T12:01", basket_id="b1", value=80.0)
    assert ada.got("2026-03-03T09:00") == ["email:basket-reminder@2026-03-03T08:01"]
    message = ada.folder.messages["basket-reminder"]
    return render(message, "email", ada.actions[0].variables, "", "abandoned-basket").text


def test_the_reminder_of_a_first_basket_has_a_code_and_the_guide_to_what_was_looked_at() -> None:
    text = reminded("perfumes", "candles")
    assert "the code FIRST5 takes £5 off it" in text
    assert "https://shop.example/guide/candles" in text
    text = reminded(ordered=True)
    assert "FIRST5" not in text
    assert "guide" not in text


def test_the_umbrella_is_void_where_they_move_on_before_it_left() -> None:
    ada = Person("2026-03-02T17:00", "umbrella", leaves=False, push="device-1")
    for topic, channel in (("offers", "push"), ("location", "app")):
        ada.agrees(topic, channel)
    ada.surround("places", "s1", kind="stores", name="Rue de Sèvres", lat=48.8512, lon=2.3264)
    ada.surround(
        "weather", "w1", lat=48.85, lon=2.33, radius_m=3000, raining=True, at=instant("2026-03-02T17:00", ZONE)
    )
    ada.walks(48.8515, 2.3270)
    assert ada.got("2026-03-02T17:01") == ["push:umbrella-offer@2026-03-02T17:00"]
    ada.walks(48.8580, 2.3270)
    assert ada.got("2026-03-02T17:02") == ["void@2026-03-02T17:01"]
