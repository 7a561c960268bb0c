"""Addresses as they are looked for: a number by its digits, an address in small letters, and their hash."""

import re

from streams.links.tokens import Keys

_NO_DIGIT = re.compile(r"[^0-9]")


def plain_address(address: str) -> str:
    """`+33 6 12 ...` as `+33612...`, `Ann@Shop.example` as `ann@shop.example`."""
    if "@" in address:
        return address.strip().casefold()
    digits = _NO_DIGIT.sub("", address)
    return f"+{digits}" if digits else ""


def address_hashes(keys: Keys, channel: str, address: str) -> list[str]:
    """What stands for an address on a channel, by each key, the first first."""
    return keys.hashes(f"{channel} {plain_address(address)}")
