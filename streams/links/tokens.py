"""The tokens of links: who, which topic and which channel, sealed so that nobody else reads or alters them.

AES-SIV (RFC 5297) encrypts and authenticates; the same content gives the same token, so a message that is rendered
again is the same. A tag is compared in constant time, by OpenSSL.
"""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from streams.secrets import SecretError, read_secrets

LEAST_SECRET = 32
"""Characters that a secret has at least."""
LONGEST = 2_000
"""Characters of a token that is looked at at all."""
VARIABLE = "SILLAGE_LINKS_KEYS"
UNSUBSCRIBE, PREFERENCES = "unsubscribe", "preferences"
REFERENCE, CLICK, OPEN, TRAP, SCAN = "reference", "click", "open", "trap", "scan"
SHORT = 8
"""Characters of a short code, of 62 kinds: about 47 bits, which is not to be found by trying."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]+)")
_encode = msgspec.msgpack.Encoder().encode


class Subject(NamedTuple):
    """What a link is about."""

    customer: str
    topic: str
    channel: str


class Reference(NamedTuple):
    """Which message something is about; `at` is when it was decided (ms)."""

    customer: str
    action: str
    message: str
    channel: str
    at: int


class Target(NamedTuple):
    """Where a link of a message leads, and which message that is."""

    customer: str
    action: str
    message: str
    channel: str
    at: int
    url: str


T = TypeVar("T", bound=tuple[Any, ...])


class Keys:
    """The keys by id: the first seals, each opens, so that a new one on top leaves links of the old ones alive."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._keys = {name: AESSIV(_derived(secret)) for name, secret in secrets.items()}
        self._hashing = [_derived(secret, b"sillage hashes") for secret in secrets.values()]
        self._first = next(iter(self._keys))

    def hashes(self, text: str) -> list[str]:
        """What stands for a text where it shall not be read: by each key, the first first."""
        return [hmac.new(key, text.encode(), sha256).hexdigest()[:32] for key in self._hashing]

    def code(self, text: str) -> str:
        """A short code for a text, always the same, which nobody guesses who has not the first key."""
        number = int.from_bytes(hmac.new(self._hashing[0], b"code " + text.encode(), sha256).digest())
        found = ""
        while len(found) < SHORT:
            number, place = divmod(number, len(_LETTERS))
            found += _LETTERS[place]
        return found

    def seal(self, purpose: str, subject: Subject | Reference | Target) -> str:
        """The token of a link: the key's id, a dot, and what only the holder of the key reads."""
        sealed = self._keys[self._first].encrypt(_encode(subject), [purpose.encode(), self._first.encode()])
        return f"{self._first}.{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, purpose: str, token: str) -> Subject | None:
        """What the token of a page is about, None as with `read`."""
        return self.read(purpose, token, Subject)

    def read(self, purpose: str, token: str, shape: type[T]) -> T | None:
        """What a token is about; None for one that was not sealed here, for this purpose, by a key that is there."""
        found = _TOKEN.fullmatch(token) if len(token) <= LONGEST else None
        key = self._keys.get(found[1]) if found else None
        if found is None or key is None:
            return None
        try:
            sealed = urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
            # Base64 that ends in other spare bits says the same: only the one spelling that was given out is one.
            if urlsafe_b64encode(sealed).rstrip(b"=").decode() != found[2]:
                return None
            opened = key.decrypt(sealed, [purpose.encode(), found[1].encode()])
            content: T = msgspec.msgpack.decode(opened, type=shape)
            return content
        except (InvalidTag, ValueError, binascii.Error, msgspec.MsgspecError):
            return None


def read_keys(path: str) -> Keys:
    """The keys of the file of SILLAGE_LINKS_KEYS. Raises SecretError, which never holds one."""
    return Keys(sound_keys(path, VARIABLE))


def sound_keys(path: str, variable: str) -> dict[str, str]:
    """The secrets of a file of keys by id, each long enough. Raises SecretError, which never holds one."""
    secrets = read_secrets(path, variable)
    wrong = next((name for name in secrets if not _KEY_ID.fullmatch(name)), None)
    short = next((name for name, secret in secrets.items() if len(secret) < LEAST_SECRET), None)
    cure = 'write {"2026": "..."}, the newest first, each of at least 32 random characters'
    if not secrets:
        raise SecretError(f"{variable}={path}: holds no key; {cure}")
    if wrong is not None:
        raise SecretError(f"{variable}={path}: {wrong!r} is no id of a key, 1 to 16 of A-Z a-z 0-9 _ -; {cure}")
    if short is not None:
        raise SecretError(f"{variable}={path}: the key {short} has fewer than {LEAST_SECRET} characters; {cure}")
    return secrets


def _derived(secret: str, purpose: bytes = b"sillage links") -> bytes:
    return HKDF(SHA512(), 64, salt=None, info=purpose).derive(secret.encode())
