"""What texts state, in the notations of several languages, and phrases whatever their case, accents and blanks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.checks.phrases import found
from journeys.checks.reading import read
from journeys.checks.stated import number, statements


def stated(text: str) -> list[str]:
    return sorted({f"{each.kind} {each.value}" for each in statements(text)})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10 %, 10%, 10\u00a0%, 10 percent, 10 per cent, 10 pour cent, 10 Prozent, 10,0 %", ["percent 10"]),
        ("12,5 % or 12.50%", ["percent 12.5"]),
        ("€30, 30 €, 30,00 €, 30.00 EUR, EUR 30, 30 euros", ["money in EUR 30"]),
        ("1.000,50 € and €1,000.50 and 1\u202f000,50 €", ["money in EUR 1000.5"]),
        ("£10 off $9.99", ["money in GBP 10", "money in USD 9.99"]),
        (
            "31 December, December 31st, 31 décembre 2026, 31. Dezember, 31 de diciembre, 31/12/2026, 2026-12-31",
            ["day 12-31"],
        ),
        ("1er mars", ["day 03-01"]),
        ("WELCOME10 and XMAS2026", ["code WELCOME10", "code XMAS2026"]),
        ("100 % cotton, CO2, an SMS, 3 stars, order 12345, https://shop.example/ABCDE1", []),
        ("10\n%", ["percent 10"]),
    ],
)
def test_notations(text: str, wanted: list[str]) -> None:
    assert stated(text) == wanted


@given(st.integers(1, 9_999_999), st.sampled_from([("{} €", ",", "."), ("€{}", ".", ","), ("{} EUR", ",", "\u202f")]))
def test_an_amount_is_the_same_however_it_is_written(cents: int, notation: tuple[str, str, str]) -> None:
    form, point, group = notation
    written = f"{cents // 100:,}".replace(",", group) + f"{point}{cents % 100:02}"
    assert stated(f"Now {form.format(written)}!") == [f"money in EUR {number(cents / 100)}"]


@pytest.mark.parametrize(
    ("phrase", "text", "at"),
    [
        ("the cheapest", "It is The\n Cheapest.", [6]),
        ("cheap*", "cheap, Cheaper, and not so dirt-cheap", [0, 7, 32]),
        ("cheap", "cheapest", []),
        ("sale", "wholesale", []),
        ("élégant", "ELEGANT", [0]),
        ("elegant", "é-lé\u00adgant élégant", [10]),
        ("don't miss", "Don’t miss", [0]),
        ("100% natural", "100\u00a0% Natural", [0]),
        ("100 % natural", "100% natural", [0]),
        ("no. 1", "our No. 1", [4]),
        ("straße", "STRASSE", [0]),
        ("sale", "à vendre : salé", [11]),
    ],
)
def test_phrases(phrase: str, text: str, at: list[int]) -> None:
    assert list(found(phrase, text)) == at


@given(st.text(max_size=60), st.booleans())
def test_each_sign_of_a_reading_has_its_place(source: str, html: bool) -> None:
    reading = read(
        source + "{{ facts.a.code }}<b>x</b>&amp;{% if y %}z{% endif %}", {"facts": {"a": {"code": "C"}}}, html=html
    )
    assert len(reading.text) == len(reading.at) == len(reading.written)
    assert reading.at == sorted(reading.at)
