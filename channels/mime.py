"""An e-mail as bytes: multipart text and HTML, every line within the limits of SMTP (RFC 5322, 2045, 2047).

Written out here because the standard library's generator takes about a millisecond a message.
"""

import binascii
import re
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache

from channels.channel import Outgoing, Permanent

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TOKEN = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_ASCII_LINE = 70
_LONGEST_LINE = 998
_URL = re.compile(r"https?://[!-;=?-~]+")


def address(text: str) -> str:
    """The bare address of `text`, an international domain in its ASCII form. Raises Permanent('bad_address')."""
    if not _ADDRESS.fullmatch(text):
        raise Permanent("bad_address")
    local, _, domain = text.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as fault:
        raise Permanent("bad_address") from fault


@lru_cache(64)
def sender_address(sender: str) -> tuple[str, str]:
    """The `From` header and the envelope address of `Name <address>`. Raises Permanent('bad_sender')."""
    name, bare = parseaddr(_CONTROL.sub(" ", sender))
    try:
        bare = address(bare)
    except Permanent as fault:
        raise Permanent("bad_sender") from fault
    return formataddr((name, bare)), bare


def message_id(action_id: str, domain: str) -> str:
    """Always the same for an action, so that a receiver can drop a second copy."""
    return f"<{_TOKEN.sub('-', action_id)}@{domain}>"


def compose(outgoing: Outgoing, at: float) -> bytes:
    """The whole message with CRLF line ends, dated `at` (seconds since the epoch). Raises Permanent."""
    from_, bare = sender_address(outgoing.sender)
    head = [
        f"From: {from_}",
        f"To: {address(outgoing.recipient)}",
        _subject(outgoing.rendered.subject),
        f"Date: {formatdate(at)}",
        f"Message-ID: {message_id(outgoing.action_id, bare.rpartition('@')[2])}",
        f"X-Sillage-Action: {_TOKEN.sub('-', outgoing.action_id)}",
        "MIME-Version: 1.0",
        *_one_click(outgoing.unsubscribe),
    ]
    kinds = [("plain", outgoing.rendered.text), ("html", outgoing.rendered.html)]
    parts = [_part(kind, text) for kind, text in kinds if text] or [_part("plain", "")]
    lines = "\r\n".join(head).encode("ascii") + b"\r\n"
    if len(parts) == 1:
        return lines + parts[0] + b"\r\n"
    mark = b"=_" + _TOKEN.sub("-", outgoing.action_id).encode()[:48]
    body = b"".join(b"\r\n--" + mark + b"\r\n" + part for part in parts)
    kind = b'Content-Type: multipart/alternative; boundary="' + mark + b'"\r\n'
    return lines + kind + body + b"\r\n--" + mark + b"--\r\n"


def _one_click(url: str) -> list[str]:
    """The headers of RFC 8058. The URL stands in one line, as it is: receivers neither unfold nor decode it."""
    if not url:
        return []
    line = f"List-Unsubscribe: <{url}>"
    if not _URL.fullmatch(url) or len(line) > _LONGEST_LINE:
        raise Permanent("bad_unsubscribe")
    return [line, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def _subject(subject: str) -> str:
    line = _CONTROL.sub(" ", subject).strip()
    if line.isascii() and len(line) <= _LONGEST_ASCII_LINE and "=?" not in line:
        return f"Subject: {line}"
    return "Subject: " + Header(line, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _part(kind: str, text: str) -> bytes:
    """Quoted-printable keeps lines short, and can hold no boundary, since it writes `=_` otherwise."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    head = b"Content-Type: text/" + kind.encode() + b"; charset=utf-8\r\nContent-Transfer-Encoding: "
    return head + b"quoted-printable\r\n\r\n" + binascii.b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")
