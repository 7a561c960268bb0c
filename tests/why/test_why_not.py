"""Why a journey did nothing: a life for each cause, the code that is found first, and the sentence."""

from collections.abc import Callable

import pytest
from whylife import FILES, WhyLife

Lived = Callable[[], WhyLife]
BASKET = FILES["journeys/basket.yaml"]


def basket(text: str = BASKET, **project: str) -> WhyLife:
    return WhyLife({"journeys/basket.yaml": text, **project})


def nothing_came() -> WhyLife:
    return basket()


def condition() -> WhyLife:
    life = basket()
    life.event("basket.updated", basket_id="b1", value=24.0)
    return life


def spoke_against() -> WhyLife:
    life = basket(BASKET.replace("  key:", "  unless: event.test\n  key:"))
    life.event("basket.updated", basket_id="b1", value=80, test=True)
    return life


def no_key() -> WhyLife:
    life = basket()
    life.event("basket.updated", value=80)
    return life


def no_consent() -> WhyLife:
    life = basket()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    return life


def withdrawn() -> WhyLife:
    life = basket()
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80)
    life.consent(given=False)
    life.advance("1d")
    return life


def stopped(*, sent: bool = True) -> WhyLife:
    by_sms = BASKET.replace("send: reminder", "send: receipt").replace("channel: email", "channel: sms")
    life = WhyLife({"journeys/basket.yaml": by_sms, "messages/receipt/sms.txt": "Thanks."}, sms="+447700900123")
    life.event("consent.changed", topic="*", channel="sms", given=False)
    if sent:
        life.event("basket.updated", basket_id="b1", value=80)
        life.advance("1d")
    return life


def asked_whatever_the_class() -> WhyLife:
    served = BASKET.replace("send: reminder", "send: receipt")
    life = basket(served, **{"project.yaml": "zone: Europe/Paris\nopt_in: [email]\n"})
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    return life


def no_address() -> WhyLife:
    life = basket()
    life.customer.attributes = {"timezone": "Europe/Paris"}
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    return life


def control() -> WhyLife:
    life = basket(BASKET.replace("steps:", "holdout: 100%\nsteps:"))
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    return life


def waits() -> WhyLife:
    life = basket()
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1h")
    return life


def converted() -> WhyLife:
    life = waits()
    life.event("order.placed")
    return life


def again() -> WhyLife:
    life = waits()
    life.event("order.placed")
    life.advance("6d")
    life.heard.clear()
    life.events.clear()
    life.event("basket.updated", basket_id="b1", value=80)
    return life


def cap_used_up() -> WhyLife:
    project = FILES["project.yaml"] + "caps: [{most: 1, within: 7d}]\n"
    text = BASKET.replace("wait: 20h", "wait: 0s").replace(
        "  key: event.basket_id\n  again: 7d after entry\n", "  again: always\n"
    )
    life = basket(text, **{"project.yaml": project})
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    life.heard.clear()
    life.events.clear()
    life.event("basket.updated", basket_id="b2", value=80)
    return life


def failed() -> WhyLife:
    life = basket(BASKET.replace("  - wait: 20h\n", "  - set: {vars.share: event.value / event.items}\n"))
    life.event("basket.updated", basket_id="b1", value=80, items=0)
    return life


def closed() -> WhyLife:
    life = basket()
    life.close("basket")
    return life


def paused() -> WhyLife:
    life = basket()
    life.pause("basket")
    life.event("basket.updated", basket_id="b1", value=80)
    return life


def not_yet_in_use() -> WhyLife:
    life = basket(BASKET.replace("20h", "21h").replace(">= 30", ">= 300"))
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    life.deploy({**FILES})
    return life


def erased() -> WhyLife:
    life = basket()
    life.event("customer.erased")
    return life


def not_in_the_segment() -> WhyLife:
    segment = "segment: loyal\nwhen: customer.points > 100\n"
    text = BASKET.replace(
        "  on: basket.updated\n  where: event.value >= 30\n  key: event.basket_id\n", "  enters_segment: loyal\n"
    )
    text = text.replace("exit:\n  - on: order.placed\n    as: converted\n", "")
    life = basket(text, **{"segments/loyal.yaml": segment})
    life.event("customer.updated", set={"points": 10})
    return life


def date_to_come() -> WhyLife:
    text = BASKET.replace(
        "  on: basket.updated\n  where: event.value >= 30\n  key: event.basket_id\n",
        "  date: customer.birthday\n  yearly: true\n",
    )
    life = basket(text)
    life.event("customer.updated", set={"birthday": "1990-06-01"})
    return life


CASES: list[tuple[Lived, str, str]] = [
    (nothing_came, "no_event", "no basket.updated came"),
    (condition, "where", "its condition did not hold: event.value is 24.0, wanted >= 30"),
    (spoke_against, "unless", "something spoke against it: event.test is true"),
    (no_key, "key", "what tells one enrollment from another is absent: event.basket_id is absent"),
    (no_consent, "consent", "there is no consent: consent for offers by email was never given"),
    (withdrawn, "consent", "there is no consent: consent for offers by email was withdrawn at Mon 2 March 19:00"),
    (stopped, "stopped", "they said STOP there: sms was stopped at Mon 2 March 19:00"),
    (asked_whatever_the_class, "consent", "there is no consent: consent for offers by email was never given"),
    (no_address, "unreachable", "there is no address: customer.email is absent"),
    (control, "holdout", "they are in the control group"),
    (waits, "waits", "they are inside for b1 since 19:00 and stand at wait-20h until Tue 3 March 15:00"),
    (converted, "left", "they left as converted before anything was sent"),
    (again, "again", "they were inside, and may not come again yet"),
    (cap_used_up, "cap", "they have had as many messages as they may"),
    (failed, "error", "it failed: "),
    (closed, "closed", "the journey is closed, so that nobody enters"),
    (paused, "paused", "the journey is paused"),
    (not_yet_in_use, "not_in_use", "and the journey is in use since"),
    (erased, "erased", "the customer was erased at 19:00"),
    (not_in_the_segment, "segment", "they are not in the segment loyal"),
    (date_to_come, "not_yet", "its date comes at Mon 1 June"),
]


@pytest.mark.parametrize(("lived", "code", "text"), CASES, ids=[each[0].__name__ for each in CASES])
def test_the_nearest_cause_comes_first(lived: Lived, code: str, text: str) -> None:
    life = lived()
    absence = life.account("basket").absence
    assert absence is not None
    assert absence.sent == 0
    codes = [cause.code for cause in absence.causes]
    assert len(codes) == len(set(codes))
    assert (absence.causes[0].code, text in absence.causes[0].text) == (code, True), absence.causes
    assert life.told("basket").startswith("anna got nothing from basket since ")


def test_what_would_have_to_be_true_is_said_and_what_else_stands_in_the_way() -> None:
    told = condition().told("basket").splitlines()
    assert told[1].startswith(
        "  What would have to be true: whoever basket.updated comes from, if the value is at least 30"
    )
    assert told[2] == "Also, there is no consent for offers by email."
    assert told[3].endswith("a `consent.changed` with topic offers, one of these channels and given: true.")


def test_consent_for_one_of_the_channels_is_enough() -> None:
    text = BASKET.replace("    channel: email\n", "    channels: [email, push]\n    pick: first\n")
    life = basket(text, **{"messages/reminder/push.yaml": "title: Basket\nbody: It waits.\n"})
    for channel, missing in (("", True), ("push", False)):
        if channel:
            life.consent(channel=channel)
        absence = life.account("basket").absence
        assert absence is not None
        assert ("consent" in [cause.code for cause in absence.causes]) == missing


def test_a_journey_that_nobody_deployed_is_told_so() -> None:
    absence = WhyLife().account("baskets").absence
    assert absence is not None
    assert [cause.code for cause in absence.causes] == ["not_deployed"]


def test_a_message_that_left_needs_no_excuse() -> None:
    life = waits()
    life.advance("1d")
    absence = life.account("basket").absence
    assert absence is not None
    assert (absence.sent, absence.causes) == (1, [])
    assert life.told("basket").startswith("anna got 1 message from basket since ")


def test_asking_again_keeps_nothing() -> None:
    life = condition()
    before = life.customer
    life.told("basket")
    assert life.customer == before
    assert life.customer.enrollments == []


def test_what_would_keep_a_message_of_class_service_from_them_is_said_before_anything_came() -> None:
    absence = stopped(sent=False).account("basket").absence
    assert absence is not None
    assert [cause.code for cause in absence.causes] == ["no_event", "stopped"]
    assert absence.causes[1].cure == "a START: a `consent.changed` with topic *, sms and given: true"
    served = basket(BASKET.replace("send: reminder", "send: receipt"), **{"project.yaml": "opt_in: [email]\n"})
    absence = served.account("basket").absence
    assert absence is not None and [cause.code for cause in absence.causes] == ["no_event", "consent"]


def test_a_channel_that_asks_for_a_yes_keeps_nothing_from_them_where_another_does_not() -> None:
    either = BASKET.replace("send: reminder", "send: receipt").replace("channel: email", "channels: [email, sms]")
    life = basket(either, **{"project.yaml": "opt_in: [email]\n", "messages/receipt/sms.txt": "Thanks."})
    absence = life.account("basket").absence
    assert absence is not None and [cause.code for cause in absence.causes] == ["no_event"]
