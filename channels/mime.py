"""An e-mail as bytes: multipart text and HTML, every line within the limits of SMTP (RFC 5322, 2045, 2047).

Written out here because the standard library's generator takes about a millisecond a message.
"""

import binascii
import re
import unicodedata
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache

import idna

from channels.channel import Outgoing, Permanent

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MOST_LOCAL = 64
_MOST_DOMAIN = 253
_MOST_ADDRESS = 254
_MOST_NAME = 100
_MOST_TOKEN = 600
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TOKEN = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_ASCII_LINE = 70
_LONGEST_LINE = 998
_URL = re.compile(r"https?://[!-;=?-~]+")


def address(text: str) -> str:
    """The bare address of `text`, an international domain in ASCII (IDNA 2008). Raises Permanent('bad_address').

    What stands before the @ may have letters of any script, which only servers with SMTPUTF8 take (RFC 6531). Quoted
    ones are refused, and characters that only look like others: one that is no letter for letter itself is not guessed.
    """
    local, _, domain = text.rpartition("@")
    sound = _LOCAL.fullmatch(local) and (local.isascii() or _is_plain(local)) and len(local.encode()) <= _MOST_LOCAL
    domain = _ascii_domain(domain) if sound else ""
    if not domain or len(domain) > _MOST_DOMAIN or len(local.encode()) + 1 + len(domain) > _MOST_ADDRESS:
        raise Permanent("bad_address", dead_address=True)
    return f"{local}@{domain}"


def _is_plain(local: str) -> bool:
    """Whether nobody could take it for another: nothing unseen, and the same when it is made compatible."""
    return local.isprintable() and unicodedata.normalize("NFKC", local) == local


def _ascii_domain(domain: str) -> str:
    """The domain as DNS has it, empty for none."""
    if _DOMAIN.fullmatch(domain):
        return domain
    try:
        return (
            ""
            if domain.isascii() or domain.endswith(".")
            else idna.encode(domain.lower(), strict=True, std3_rules=True).decode()
        )
    except UnicodeError:
        return ""


@lru_cache(64)
def sender_address(sender: str) -> tuple[str, str]:
    """The `From` header and the envelope address of `Name <address>`. Raises Permanent('bad_sender')."""
    name, bare = parseaddr(_CONTROL.sub(" ", _whole(sender)))
    try:
        bare = address(bare)
    except Permanent as fault:
        raise Permanent("bad_sender") from fault
    if not bare.isascii() or len(name) > _MOST_NAME:
        raise Permanent("bad_sender")
    return formataddr((name, bare)), bare


def message_id(action_id: str, domain: str) -> str:
    """Always the same for an action, so that a receiver can drop a second copy."""
    return f"<{_TOKEN.sub('-', action_id)[:_MOST_TOKEN]}@{domain}>"


def compose(outgoing: Outgoing, at: float) -> bytes:
    """The whole message with CRLF line ends, dated `at` (seconds since the epoch). Raises Permanent."""
    from_, bare = sender_address(outgoing.sender)
    head = [
        f"From: {from_}",
        f"To: {address(outgoing.recipient)}",
        _subject(outgoing.rendered.subject),
        f"Date: {formatdate(at)}",
        f"Message-ID: {message_id(outgoing.reference or outgoing.action_id, bare.rpartition('@')[2])}",
        f"X-Sillage-Action: {_TOKEN.sub('-', outgoing.action_id)[:_MOST_TOKEN]}",
        "MIME-Version: 1.0",
        *_one_click(outgoing.unsubscribe),
    ]
    kinds = [("plain", outgoing.rendered.text), ("html", outgoing.rendered.html)]
    parts = [_part(kind, text) for kind, text in kinds if text] or [_part("plain", "")]
    lines = "\r\n".join(head).encode() + b"\r\n"
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
    line = _CONTROL.sub(" ", _whole(subject)).strip()
    if line.isascii() and len(line) <= _LONGEST_ASCII_LINE and "=?" not in line:
        return f"Subject: {line}"
    return "Subject: " + Header(line, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _whole(text: str) -> str:
    """The text without halves of characters, which nothing can write."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _part(kind: str, text: str) -> bytes:
    """Quoted-printable keeps lines short, and can hold no boundary, since it writes `=_` otherwise."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    head = b"Content-Type: text/" + kind.encode() + b"; charset=utf-8\r\nContent-Transfer-Encoding: "
    return head + b"quoted-printable\r\n\r\n" + binascii.b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")
