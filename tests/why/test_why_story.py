"""Lives played through the engine, and the story that is told of them, word for word."""

import msgspec
from whylife import WhyLife

from engine.why.account import Account
from engine.why.page import whole
from engine.why.story import Heard, nearest

MORNING = """\
Monday 2 March 2026
  19:00:00  basket.updated by web, which led to no decision: basket_id b1, value 24.0
            asked again, as things are now:
            basket: Did not enter “Basket left behind”: its condition did not hold
              event.value is 24.0, wanted >= 30
  19:05:00  consent.changed by web, which led to no decision: topic offers, channel email, given true
  19:05:00  basket.updated by web: basket_id b1, value 80.0
            basket: Entered “Basket left behind” for b1
            Waits until Tue 3 March 15:05, for 20 h
  20:05:00  page.viewed by web, which led to no decision, 2 times
Tuesday 3 March 2026
  15:05:00  a time had come
            basket: The wait is over
            Sent reminder by email; handed over 1.2 s later
            Left “Basket left behind”: completed"""
REFUSED = """\
Monday 2 March 2026
  19:00:00  basket.updated by web: basket_id b1, value 80
            basket: Entered “Basket left behind” for b1
            Waits until Tue 3 March 15:00, for 20 h
Tuesday 3 March 2026
  15:00:00  a time had come
            basket: The wait is over
            Refused to send reminder by email: there is no consent
              consent for offers by email was never given
            Left “Basket left behind”: completed"""


def lived() -> WhyLife:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=24.0)
    life.advance("5m")
    life.consent()
    life.event("basket.updated", basket_id="b1", value=80.0)
    life.advance("1h")
    life.event("page.viewed", page="/x")
    life.event("page.viewed", page="/y")
    life.advance("20h")
    life.receipt()
    return life


def test_a_story_says_what_came_what_was_decided_and_what_became_of_it() -> None:
    assert lived().told() == MORNING


def test_a_refusal_has_its_reason() -> None:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=80)
    life.advance("1d")
    assert life.told() == REFUSED


def test_a_repeat_of_a_crash_is_told_once() -> None:
    life = lived()
    life.heard += life.heard
    life.events += life.events
    assert life.told() == MORNING


def test_one_journey_leaves_out_what_is_not_its_own() -> None:
    told = lived().told("basket")
    assert told.startswith("anna got 1 message from basket since ")
    assert "page.viewed" not in told
    assert "Sent reminder by email; handed over 1.2 s later" in told


def test_dispatch_may_refuse_and_delivery_may_fail() -> None:
    for type_, code, text in (
        ("action.refused", "consent", "it was refused at dispatch: the consent was withdrawn meanwhile"),
        ("message.failed", "550 no such mailbox", "it failed: 550 no such mailbox"),
    ):
        life = WhyLife()
        life.consent()
        life.event("basket.updated", basket_id="b1", value=80)
        life.advance("1d")
        life.receipt(type_, code=code)
        assert f"Sent reminder by email; {text}" in life.told()


def test_each_line_names_the_version_that_its_enrollment_is_in() -> None:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=80)
    old = life.catalog.current["basket"].version
    files = life.files
    life.deploy({**files, "journeys/basket.yaml": files["journeys/basket.yaml"].replace("20h", "21h")})
    new = life.catalog.current["basket"].version
    life.advance("1d")
    life.event("basket.updated", basket_id="b2", value=80)
    lines = [line for moment in life.account().moments for line in moment.lines]
    assert [line.version for line in lines if line.what == "entered"] == [old, new]
    assert {line.version for line in lines if line.what in ("refused", "exited")} == {old}
    assert [moment.release for moment in life.account().moments] == [1, 2, 2]


def test_the_decision_nearest_to_an_instant_is_told_in_full() -> None:
    life = lived()
    moments = life.account().moments
    sent = moments[-1]
    assert nearest(moments, sent.at + 3_600_000) is sent
    assert nearest(moments, 0) == next(each for each in moments if each.decision)
    text = "\n".join(whole(sent, "Europe/Paris"))
    assert text.startswith(f"Tuesday 3 March 2026 15:05:00: decision {sent.decision}, release 1\nwhat came: a time")
    assert f"version: {life.catalog.current['basket'].version}" in text
    assert f"action: {life.actions[0].id}" in text
    assert text.endswith("decided and on the topic 40 ms after it came")


def test_candidates_are_a_table_with_the_parts_of_their_scores() -> None:
    life = lived()
    found = [
        {"offer": "umbrella", "channel": "push", "code": "made", "propensity": 0.08123456, "score": 1.25},
        {"offer": "tea", "code": "again"},
    ]
    heard = life.heard[-1]
    line = msgspec.structs.replace(heard.trace.lines[1], what="offered", code="umbrella", data={"candidates": found})
    life.heard[-1] = Heard(msgspec.structs.replace(heard.trace, lines=[line]))
    assert life.told().splitlines()[-4:] == [
        "              candidates:",
        "                offer     channel  code   propensity  score",
        "                umbrella  push     made   0.08123     1.25",
        "                tea                again",
    ]


def test_an_account_is_json_that_reads_back() -> None:
    account = lived().account("basket")
    assert msgspec.json.decode(msgspec.json.encode(account), type=Account) == account


def test_of_several_that_begin_nothing_each_has_its_reason() -> None:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=24.0)
    life.event("basket.updated", basket_id="b1", value=25.0)
    told = life.told()
    assert "event.value is 24.0" in told
    assert "event.value is 25.0" in told


def test_asked_again_it_is_not_said_what_only_holds_by_now() -> None:
    life = WhyLife()
    life.event("basket.updated", basket_id="b1", value=80)
    life.heard.clear()
    assert "inside already" not in life.told()
    assert "asked again" not in life.told()


def test_of_who_was_erased_it_is_said_what_is_left() -> None:
    life = lived()
    life.event("customer.erased")
    told = life.told()
    assert told.startswith("erased at 15:05; what came before stays on the topics until their retention ends\n")
    assert "asked again" not in told


def test_what_was_cut_or_redacted_is_said() -> None:
    life = lived()
    last = life.heard[-1]
    life.heard[-1] = Heard(msgspec.structs.replace(last.trace, cut=7, redacted=True))
    told = life.told()
    assert told.startswith("values of this person are redacted on the topic, by the project's `redact`\n")
    assert told.endswith("and 7 lines more, which were left out: the trace was too large")
