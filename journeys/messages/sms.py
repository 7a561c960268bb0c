"""The length of an SMS: its encoding, its units and its segments (3GPP TS 23.038, section 6, and TS 23.040, 9.2.3.24).

A text is in GSM-7 where each of its characters is in that alphabet, else all of it is in UCS-2.
"""

from typing import NamedTuple

GSM_7 = "GSM-7"
UCS_2 = "UCS-2"
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each; no provider is asked for another language's table, so ç and ê are not among them."""
EXTENDED = frozenset("\f^{}\\[~]|€")
"""Two septets each, which never part: the second would begin a segment as another character."""
_ALONE = {GSM_7: 160, UCS_2: 70}
_IN_PARTS = {GSM_7: 153, UCS_2: 67}
"""Units of one segment by itself, and of each of several: their header takes six bytes."""
_GSM = BASIC | EXTENDED
_KEPT_CONTROLS = "\n"


class Length(NamedTuple):
    """How an SMS travels: its encoding, how many septets or UTF-16 units it has, and in how many segments."""

    encoding: str
    units: int
    segments: int


def length(text: str) -> Length:
    """The length of a text as it is sent; an empty one has no segment."""
    encoding = GSM_7 if _GSM.issuperset(text) else UCS_2
    costs = [_cost(character, encoding) for character in text]
    units = sum(costs)
    if units <= _ALONE[encoding]:
        return Length(encoding, units, min(1, units))
    return Length(encoding, units, _packed(costs, _IN_PARTS[encoding]))


def foreign(text: str) -> str:
    """The characters that GSM-7 does not have, each once, in the order in which they come."""
    return "".join(dict.fromkeys(character for character in text if character not in _GSM))


def tidy(text: str) -> str:
    """The text without blanks at its ends, and without what no phone shows: controls, halves of surrogate pairs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(character for character in lines if _shown(character)).strip()


def _cost(character: str, encoding: str) -> int:
    wide = character > "\uffff" if encoding == UCS_2 else character in EXTENDED
    return 2 if wide else 1


def _packed(costs: list[int], room: int) -> int:
    """How many segments characters fill, in order, where none is cut in two."""
    segments, free = 0, 0
    for cost in costs:
        if cost > free:
            segments, free = segments + 1, room
        free -= cost
    return segments


def _shown(character: str) -> bool:
    if "\ud800" <= character <= "\udfff":
        return False
    return character in _KEPT_CONTROLS or not (character < " " or "\x7f" <= character < "\xa0")
