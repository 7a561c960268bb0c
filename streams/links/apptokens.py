"""Tokens of the app: JWTs (RFC 7519) that the app's own server signs, each good for one person's inbox for a while."""

from collections.abc import Mapping
from typing import Any

import jwt

from streams.links.tokens import LONGEST, sound_keys

VARIABLE = "SILLAGE_INBOX_KEYS"
AUDIENCE = "sillage-inbox"
LONGEST_SECONDS = 24 * 3_600
"""How far ahead a token may end: one that leaks is worth nothing after a day."""
SKEW_SECONDS = 60
"""How much the clocks of two servers may differ."""
_LONGEST_ID = 200
_MOST_SECONDS = 1e12
_MAKE = "sign a new one as docs/channels.md shows"


class TokenRefused(Exception):
    """A token that opens no inbox: a code, and what is wrong with its cure; never a word of the token."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class AppKeys:
    """The keys that apps sign with, by id; each opens, so that a new one and the one before are good together."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    def customer(self, token: str, now: int) -> str:
        """Whose inbox a token opens at `now` (ms). Raises TokenRefused."""
        if not token:
            raise TokenRefused("token_missing", "there is no token; send the header `Authorization: Bearer TOKEN`")
        if len(token) > LONGEST:
            raise TokenRefused("token_long", f"the token has over {LONGEST} characters; leave other claims out of it")
        claims = self._claims(token)
        customer, ends = claims["sub"], claims["exp"]
        if not isinstance(customer, str) or not 0 < _size(customer) <= _LONGEST_ID:
            raise TokenRefused("token_wrong", "the claim sub is no customer's id, text of 1 to 200 bytes")
        # No comparison with NaN holds: such a token would never end.
        if isinstance(ends, bool) or not isinstance(ends, int | float) or not abs(ends) < _MOST_SECONDS:
            raise TokenRefused("token_wrong", "the claim exp is no instant, in seconds since 1970")
        left = ends - now / 1000
        if left <= -SKEW_SECONDS:
            raise TokenRefused("token_expired", f"the token's time is over; {_MAKE}")
        if left > LONGEST_SECONDS + SKEW_SECONDS:
            raise TokenRefused("token_lasting", f"the token is good for over {LONGEST_SECONDS} s; let exp be sooner")
        return customer

    def _claims(self, token: str) -> dict[str, Any]:
        """What a token says that one of the keys has signed for this use; its time is looked at elsewhere."""
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, UnicodeEncodeError):
            # Bytes of a header that are no UTF-8 are here as halves of surrogate pairs.
            raise TokenRefused("token_unreadable", f"the token is no JWT; {_MAKE}") from None
        secret = self._secrets.get(name) if isinstance(name, str) else None
        if secret is None:
            raise TokenRefused("token_wrong", f"the header kid names none of the keys of {VARIABLE}; {_MAKE}")
        options: Any = {
            "require": ["sub", "exp", "aud"],
            **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf"), False),
        }
        try:
            found: dict[str, Any] = jwt.decode(token, secret, ["HS256"], options, audience=AUDIENCE)
        except jwt.InvalidAudienceError:
            raise TokenRefused("token_wrong", f"the claim aud is not {AUDIENCE}; {_MAKE}") from None
        except jwt.MissingRequiredClaimError as fault:
            raise TokenRefused("token_wrong", f"the token has no claim {fault.claim}; {_MAKE}") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenRefused("token_wrong", f"the token is not signed by that key, with HS256; {_MAKE}") from None
        return found


def _size(customer: str) -> int:
    """The bytes of an id, 0 where it has none, as half of a surrogate pair has."""
    try:
        return len(customer.encode())
    except UnicodeEncodeError:
        return 0


def read_app_keys(path: str) -> AppKeys:
    """The keys of the file of SILLAGE_INBOX_KEYS. Raises SecretError, which never holds one."""
    return AppKeys(sound_keys(path, VARIABLE))
