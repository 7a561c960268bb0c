"""Offers in a designer's folder: their faults, each at its place."""

from typing import Any

import pytest

from journeys.checks import check
from journeys.load import load_project

BASE = {
    "messages/welcome/message.yaml": "subject: Welcome\n",
    "messages/welcome/email.txt": "Welcome!\n",
    "messages/both/message.yaml": "subject: Both\n",
    "messages/both/email.txt": "{{ vars.offer.id }} {{ vars.gift.id }}\n",
    "messages/both/push.yaml": "title: A\nbody: B\n",
    "schemas/customer.yaml": "properties:\n  tier: {type: string}\n  email: {type: string}\n  push: {type: string}\n",
}
JOURNEY = (
    "journey: j\ntopic: offers\nttl: 1d\nenter: {on: customer.updated}\nsteps:\n  - best_offer: shop\n    as: NAME\n"
)


def faults(offer: str, head: str = "", files: dict[str, Any] | None = None) -> list[str]:
    text = f"catalog: shop\n{head}offers:\n  a:\n    {offer}\n"
    found = check(load_project({**BASE, "offers/shop.yaml": text, **(files or {})}))
    return [f"{each.file}:{each.line}:{each.column}: {each.code}" for each in found]


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        ("message: welcom", "4:14: J012"),
        ("message: both", "4:14: J014"),
        ("{message: both, channel: sms}", "4:30: J013"),
        ("{message: welcome, eligible: customer.teir == 'x'}", "4:43: J034"),
        ("{message: welcome, suitable: [1 < 2, 'customer.tier ==']}", "4:59: J008"),
        ("{message: welcome, context: nothing.there}", "4:33: J009"),
        ("{message: welcome, applicable: in_segment('vip')}", "4:47: J034"),
        ("{message: welcome, value: -1}", "4:31: J006"),
        ("{message: welcome, priority: 101}", "4:34: J006"),
        ("{message: welcome, again: soon}", "4:31: J006"),
        ("{message: welcome, elligible: 1 < 2}", "4:24: J004"),
        ("{channel: email}", "4:5: J005"),
    ],
)
def test_a_fault_of_an_offer_stands_at_its_place(offer: str, code: str) -> None:
    assert faults(offer) == [f"offers/shop.yaml:{code}"]


def test_what_is_sound_has_no_fault() -> None:
    sound = "{message: both, channels: [push, email], eligible: [1 < 2, has(customer.tier)], context: 2, again: 1mo}"
    assert faults(sound, files={"journeys/j.yaml": JOURNEY.replace("    as: NAME\n", "")}) == [
        "messages/both/email.txt:1:24: J016"
    ]


def test_a_message_sees_the_variable_that_the_node_writes() -> None:
    gift = faults("{message: both, channel: email}", files={"journeys/j.yaml": JOURNEY.replace("NAME", "gift")})
    assert gift == ["messages/both/email.txt:1:4: J016"]


def test_a_segment_that_is_not_there() -> None:
    assert faults("message: welcome", "segments: [vip]\n") == ["offers/shop.yaml:2:12: J054"]
    vip = {"segments/vip.yaml": "segment: vip\nwhen: customer.tier == 'gold'\n"}
    assert faults("message: welcome", "segments: [vip]\n", vip) == []


def test_a_condition_that_yaml_reads_as_a_mapping_is_told_with_its_cure() -> None:
    text = 'catalog: shop\noffers:\n  a:\n    message: welcome\n    eligible: customer.tier == "a: b"\n'
    (fault,) = check(load_project({**BASE, "offers/shop.yaml": text}))
    assert (fault.code, fault.line) == ("J001", 5)
    assert "quote it" in fault.hint
