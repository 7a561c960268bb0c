"""How long an SMS is: encodings, units and segments, at each edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.messages.model import Message
from journeys.messages.render import render
from journeys.messages.sms import BASIC, EXTENDED, foreign, length, tidy
from journeys.model import MessageHead


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # 152 septets and the euro's two do not share a segment of 153.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("éèùìòàÇ", "GSM-7", 7, 1),
        ("ç", "UCS-2", 1, 1),
        ("ê" * 70, "UCS-2", 70, 1),
        ("ê" * 71, "UCS-2", 71, 2),
        ("ê" * 134, "UCS-2", 134, 2),
        ("ê" * 135, "UCS-2", 135, 3),
        ("😀", "UCS-2", 2, 1),
        ("😀" * 35, "UCS-2", 70, 1),
        # 66 units and a pair that would be cut in two.
        ("ê" * 66 + "😀" + "ê" * 66, "UCS-2", 134, 3),
        ("’" + "a" * 70, "UCS-2", 71, 2),
        ("€ê", "UCS-2", 2, 1),
    ],
)
def test_a_text_has_its_length(text: str, encoding: str, units: int, segments: int) -> None:
    assert length(text) == (encoding, units, segments)


def test_the_alphabet_is_the_one_of_the_standard() -> None:
    assert (len(BASIC), len(EXTENDED)) == (127, 10)  # 128 less the escape
    assert not BASIC & EXTENDED


@given(st.text(), st.text(max_size=3))
def test_more_text_never_takes_less(text: str, more: str) -> None:
    one, two = length(text), length(text + more)
    if one.encoding == two.encoding:
        assert one.units <= two.units
        assert one.segments <= two.segments
    assert two.encoding == ("UCS-2" if foreign(text + more) else "GSM-7")
    room = 153 if two.encoding == "GSM-7" else 67
    assert two.units <= max(two.segments * room, 160 if room == 153 else 70)
    assert two.segments <= -(-two.units // (room - 1))


@given(st.text(st.characters()))
def test_what_is_tidy_can_be_written_and_stays_so(text: str) -> None:
    once = tidy(text)
    once.encode()
    assert tidy(once) == once


def test_what_no_phone_shows_is_taken_out() -> None:
    assert tidy(" Hi\r\nthere\x00\x1b\t\ud83dyou\x85 \n") == "Hi\nthere you"
    assert foreign("Ça va, être ç ê ç") == "êç"


def test_an_sms_is_rendered_tidy_and_knows_its_segments() -> None:
    message = Message("hi", MessageHead(), {"sms.txt": "Hi {{ customer.name }}\n", "email.txt": "Hi\n"})
    found = render(message, "sms", {"customer.name": "ê" * 80})
    assert (found.text, found.segments) == ("Hi " + "ê" * 80, 2)
    assert render(message, "sms", {}).text == "Hi"
    other = render(message, "email", {})
    assert (other.text, other.segments) == ("Hi\n", 0)
