"""What a text states: percents, amounts of money, codes and days, however they are written."""

import re
from collections.abc import Iterator
from typing import NamedTuple

PERCENT, CODE, DAY = "percent", "code", "day"
MONEY = "money in "
_WHOLE = "100"
"""`100 % cotton` promotes nothing."""
_NUMBER = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d{1,2})?(?![\d])"
_SIGNS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pound": "GBP", "pounds": "GBP", "$": "USD",
    "dollar": "USD", "dollars": "USD", "chf": "CHF", "eur": "EUR", "gbp": "GBP", "usd": "USD",
}  # fmt: skip
_SIGN = r"€|£|\$|euros?|pounds?|dollars?|EUR|GBP|USD|CHF"
_MONEY = re.compile(
    rf"(?<!\w)(?:(?P<before>{_SIGN})\s?(?P<first>{_NUMBER})|(?<![\d.,])(?P<second>{_NUMBER})\s?(?P<after>{_SIGN})(?!\w))",
    re.IGNORECASE,
)
_PERCENTS = re.compile(
    rf"(?<![\d.,])({_NUMBER})\s?(?:%|percent|per\scent|pour\scent|prozent|por\s?ciento|per\s?cento|procent)",
    re.IGNORECASE,
)
_CODES = re.compile(r"(?<![\w/.-])(?=[A-Z0-9]{5,20}(?![\w/-]))[A-Z]+[0-9][A-Z0-9]*")
_MONTHS = (
    "january|janvier|januar|enero|gennaio", "february|fevrier|février|februar|febrero|febbraio",
    "march|mars|marz|märz|marzo", "april|avril|abril|aprile", "may|mai|mayo|maggio", "june|juin|juni|junio|giugno",
    "july|juillet|juli|julio|luglio", "august|aout|août|agosto", "september|septembre|septiembre|settembre",
    "october|octobre|oktober|octubre|ottobre", "november|novembre|noviembre",
    "december|decembre|décembre|dezember|diciembre|dicembre",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_ENGLISH = "|".join(names.partition("|")[0] for names in _MONTHS)
"""Only English has the month first as well."""
_DAYS = (
    re.compile(r"(?<![\d-])\d{4}-(?P<month>\d{2})-(?P<day>\d{2})(?![\d-])"),
    re.compile(r"(?<![\d./])(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./]\d{4}(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?(?:\s(?:of|de))?\s(?P<name>{_MONTH})(?!\w)", re.IGNORECASE
    ),
    re.compile(rf"(?<!\w)(?P<name>{_ENGLISH})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)", re.IGNORECASE),
)


class Statement(NamedTuple):
    """One thing that a text states: of which kind, its value, how it is written and where its figures begin."""

    kind: str
    value: str
    written: str
    at: int


def statements(text: str, codes: frozenset[str] = frozenset()) -> Iterator[Statement]:
    """All of them; `codes` are known ones, others are told by letters and figures together, as in `WELCOME10`."""
    for match in _PERCENTS.finditer(text):
        if (value := _value(match[1])) != _WHOLE:
            yield Statement(PERCENT, value, _shown(match), match.start(1))
    for match in _MONEY.finditer(text):
        number = "first" if match["first"] else "second"
        sign = (match["before"] or match["after"]).lower()
        yield Statement(f"{MONEY}{_SIGNS[sign]}", _value(match[number]), _shown(match), match.start(number))
    for match in _CODES.finditer(text):
        yield Statement(CODE, match[0], match[0], match.start())
    for code in codes:
        for match in re.finditer(rf"(?<!\w){re.escape(code)}(?!\w)", text):
            yield Statement(CODE, code, code, match.start())
    for form in _DAYS:
        for match in form.finditer(text):
            yield Statement(DAY, _day(match), _shown(match), match.start())


def _shown(match: re.Match[str]) -> str:
    return " ".join(match[0].split())


def number(value: float) -> str:
    """A number as the value of a statement."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def day(written: str) -> str:
    """A day of a fact as the value of a statement."""
    return written[5:]


def _value(written: str) -> str:
    """`1.000,50` and `1,000.50` as 1000.5: what has one or two figures behind it divides, else it groups."""
    whole, decimals = written, ""
    found = re.search(r"[.,](\d{1,2})$", written)
    if found:
        whole, decimals = written[: found.start()], found[1]
    return number(float(f"{re.sub(r'[^0-9]', '', whole)}.{decimals or 0}"))


def _day(match: re.Match[str]) -> str:
    groups = match.groupdict()
    name = groups.get("name")
    month = int(groups["month"]) if not name else _month(name)
    return f"{month:02}-{int(match['day']):02}"


def _month(name: str) -> int:
    return next(at for at, names in enumerate(_MONTHS, 1) if name.lower() in names.split("|"))
