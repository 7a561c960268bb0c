"""Customers as logs and traces name them: a keyed hash, the same in every process of an installation."""

import hmac

from streams.settings import Settings

DIGITS = 16
"""Of the hash in hexadecimal: 64 bits, in which no two customers of one installation are likely to meet."""


class Hasher:
    """HMAC-SHA256 under one key, cut to DIGITS.

    Without the key a customer's hash cannot be found by hashing guesses, which for ids such as c42 would take seconds.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, customer: str) -> str:
        return hmac.digest(self._key, customer.encode("utf-8", "replace"), "sha256").hex()[:DIGITS]


def hasher(settings: Settings) -> Hasher:
    """That of an installation: under SILLAGE_LOG_KEY, else under its prefix, which keeps two of them apart only."""
    return Hasher((settings.log_key or f"sillage/{settings.prefix}").encode())
