"""Ids on the wire: numbers become text, one to 200 bytes, and whose a touchpoint is when it does not say."""

from collections.abc import Mapping

from streams.touchpoints.record import RefusalError, shown

MAX_ID_BYTES = 200
EVERYONE = "*"
"""The customer of a touchpoint that is about the business and addressed to everyone."""
KINDS = ("loyalty", "email", "phone", "device", "cookie")
SURELY_SHORT = MAX_ID_BYTES // 4
"""A text of so many characters is no longer than MAX_ID_BYTES: a character takes at most four."""
_GREATEST_EXACT = 1 << 53

Id = str | int | float


def id_text(found: Id, field: str) -> str:
    """The id as text, its case kept. Raises RefusalError where it has not 1 to 200 bytes or is not exact."""
    text = found if isinstance(found, str) else _of_number(found, field)
    if 0 < len(text) <= SURELY_SHORT:
        return text
    size = len(text.encode())
    if not 0 < size <= MAX_ID_BYTES:
        raise RefusalError(
            "bad_id", f"{field} has {size} bytes, expected 1 to {MAX_ID_BYTES}; send a shorter id, or its hash"
        )
    return text


def _of_number(number: int | float, field: str) -> str:
    """12 and 12.0 are the same number in JSON, so they are the same id."""
    if isinstance(number, int):
        return str(number)
    if abs(number) > _GREATEST_EXACT:
        raise RefusalError(
            "bad_id", f"{field} is the number {number!r}, which JSON does not keep exactly; send it as text"
        )
    return str(int(number)) if number.is_integer() else repr(number)


def named_by(identifiers: Mapping[str, str]) -> str | None:
    """`<kind>:<value>` of the first kind that can stand for a person, None where none is there."""
    for kind in KINDS:
        if kind in identifiers:
            return id_text(f"{kind}:{identifiers[kind]}", f"the customer named by {kind}")
    return None


def key_text(key: bytes | None) -> str | None:
    """A record key as the customer's id, None where there is none. Raises RefusalError where it cannot be one."""
    if not key:
        return None
    try:
        text = key.decode()
    except UnicodeDecodeError:
        raise RefusalError(
            "bad_id", f"the record key {shown(key)} is not UTF-8; send the customer in the payload"
        ) from None
    if "\0" in text:
        raise RefusalError("nul", "the record key holds the character NUL; send the customer in the payload")
    return id_text(text, "the record key")
