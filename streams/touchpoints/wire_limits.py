"""What JSON Schema can say of the decoder's limits: never laxer, and stricter where it cannot count bytes."""

from typing import Any

EARLIEST_MS = -62_135_596_800_000
_DAY = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?"
_ZONE = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

NO_NUL: dict[str, Any] = {"pattern": r"^[^\u0000]*$"}
EXACT: dict[str, Any] = {"minimum": -(1 << 53), "maximum": 1 << 53}
EPOCH_MS: dict[str, Any] = {"minimum": EARLIEST_MS}
ISO_8601: dict[str, Any] = {
    "pattern": rf"^(?!000[01])[0-9]{{4}}-{_DAY}([Tt ]{_TIME}{_ZONE}?)?$",
    "examples": ["2026-03-02T18:00:00Z"],
}


def bytes_up_to(limit: int) -> dict[str, Any]:
    """Texts that surely have 1 to `limit` bytes: all in ASCII, or a quarter as many characters of any kind."""
    ascii_only = {"maxLength": limit, "pattern": r"^[\u0001-\u007f]*$"}
    return {"minLength": 1, **NO_NUL, "anyOf": [{"maxLength": limit // 4}, ascii_only]}


ID_TEXT = bytes_up_to(200)
