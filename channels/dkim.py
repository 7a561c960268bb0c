"""DKIM signatures of mails, by RSA and Ed25519 (RFC 6376, 8301, 8463), relaxed in head and body.

Written out here with `cryptography`, since the library for it takes 14 ms to sign with RSA, which is done in Python.
"""

import base64
import hashlib
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from channels.accounts import AccountError, read_account, refuse
from channels.channel import Permanent
from channels.mime import sender_address

VARIABLE = "SILLAGE_DKIM"
LEAST_BITS = 1024
_EXAMPLE = '{"shop.example": {"2026": "dkim-2026.pem"}}'
_SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"content-transfer-encoding",
    b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
_ONCE = (b"from", b"to", b"subject")
"""Signed once more than they stand there, so that nobody can add another (RFC 6376, 8.15)."""
_BLANKS = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")

Key = RSAPrivateKey | Ed25519PrivateKey


class Dkim:
    """The keys that sign, by domain and selector: each of the sender's domain, or of the nearest above it, signs."""

    def __init__(self, keys: Mapping[str, Mapping[str, Key]]) -> None:
        self._keys = keys

    def signed(self, mail: bytes, domain: str, at: float) -> bytes:
        """The mail with its signatures on top, made `at` (seconds since the epoch); as it is where no key is for it."""
        own = self.domain_for(domain)
        if not own:
            return mail
        head, _, body = mail.partition(b"\r\n\r\n")
        headers = list(_headers(head))
        body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        signatures = (_signature(headers, body_hash, own, *key, at) for key in self._keys[own].items())
        return b"".join(signatures) + mail

    def domain_for(self, domain: str) -> str:
        """The domain that signs for a sender of this one, so that the two are aligned; empty for none."""
        labels = domain.lower().split(".")
        above = (".".join(labels[at:]) for at in range(len(labels)))
        return next((each for each in above if each in self._keys), "")


def read_dkim(path: Path, sender: str) -> Dkim:
    """The keys of a JSON file, `{domain: {selector: file of the key}}`. Raises AccountError, without any key.

    A key is a path from the folder of that file, or the PEM itself. `sender` is whose mails must be signed.
    """
    found = read_account(path, VARIABLE, dict[str, dict[str, str]], _EXAMPLE)
    keys: dict[str, dict[str, Key]] = {}
    for domain, selectors in found.items():
        refuse(path, VARIABLE, "" if _DOMAIN.fullmatch(domain) else f"{domain!r} is no domain, in small letters")
        wrong = [selector for selector in selectors if not _SELECTOR.fullmatch(selector)]
        refuse(path, VARIABLE, f"{domain}: {wrong[0]!r} is no selector" if wrong else "")
        keys[domain] = {name: _key(path, f"{domain}: {name}", text) for name, text in selectors.items()}
    dkim = Dkim(keys)
    _refuse_unsigned(path, dkim, sender)
    return dkim


def relaxed_body(body: bytes) -> bytes:
    """The body as it is hashed (RFC 6376, 3.4.4)."""
    lines = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" \r\n")
    return lines + b"\r\n" if lines else b""


def _refuse_unsigned(path: Path, dkim: Dkim, sender: str) -> None:
    try:
        domain = sender_address(sender)[1].rpartition("@")[2]
    except Permanent:
        return
    if not dkim.domain_for(domain):
        refuse(path, VARIABLE, f"no key is for {domain}, from which SILLAGE_SENDER writes; add one, or change either")


def _key(path: Path, subject: str, text: str) -> Key:
    if not text.startswith("-----BEGIN"):
        try:
            text = (path.parent / text).read_text()
        except (OSError, ValueError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "no text"
            raise AccountError(f"{VARIABLE} {path}: {subject}: {text}: {why}; expected the file of a key") from None
    try:
        key = serialization.load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_BITS):
        return key
    cure = f"expected PEM of an RSA key of {LEAST_BITS} bits or more, or of Ed25519, without a password"
    raise AccountError(f"{VARIABLE} {path}: {subject}: no key that signs; {cure}")


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The headers that are signed, by name, as they are hashed (RFC 6376, 3.4.2)."""
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() in _SIGNED:
            yield name.lower(), _BLANKS.sub(b" ", value).strip()


def _signature(
    headers: list[tuple[bytes, bytes]], body_hash: str, domain: str, selector: str, key: Key, at: float
) -> bytes:
    names = [name.decode() for name, _ in headers]
    names += [name.decode() for name in _ONCE if name in dict(headers)]
    algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
    told = [
        f"v=1; a={algorithm}; c=relaxed/relaxed; d={domain};",
        f"s={selector}; t={int(at)};",
        f"h={':'.join(names)};",
        f"bh={body_hash};",
        "b=",
    ]
    value = "\r\n ".join(told).encode()
    own = b"dkim-signature:" + _BLANKS.sub(b" ", _FOLD.sub(b"", value))
    said = b"".join(name + b":" + text + b"\r\n" for name, text in headers) + own
    signature = textwrap.wrap(base64.b64encode(_sign(key, said)).decode(), 72)
    return b"DKIM-Signature: " + value + "\r\n ".join(signature).encode() + b"\r\n"


def _sign(key: Key, said: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(hashlib.sha256(said).digest())
    return key.sign(said, PKCS1v15(), hashes.SHA256())
