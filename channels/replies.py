"""What the replies of a mail server mean, by their codes (RFC 5321, 4.2) and enhanced status codes (RFC 3463)."""

import re

from aiosmtplib import SMTPResponseException

from channels.channel import Away, Declined, Permanent, Transient

CLOSING = 421
_LOGIN = frozenset({454, 530, 534, 535, 538})
"""The server wants a login, or has none for us: nothing leaves until that is mended, and then everything may."""
_MENDED_FIRST = frozenset({"4.3.1", "4.3.2", "4.3.5", "5.7.8"})
"""The same, by the enhanced code: the server is full, closed or set up wrong, or the login is refused."""
_SYSTEM = "4.3."
"""How others begin that the mail system has against itself: nothing is known of how it is there for other mails."""
_GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""No such mailbox, domain or syntax, moved for good, a domain that takes no mail: the address is dead."""
_ENHANCED = re.compile(r"([245])\.(\d{1,2})\.(\d{1,3})(?!\d)")


def enhanced_code(message: str) -> str:
    """The enhanced status code at the start of a reply's text, empty for none."""
    found = _ENHANCED.match(message.lstrip())
    return found[0] if found else ""


def reply_code(answer: SMTPResponseException) -> str:
    """The code of the failure: `smtp_550`, with what the enhanced one adds: `smtp_550_5.1.1`."""
    enhanced = enhanced_code(answer.message)
    told = enhanced if enhanced[:1] == str(answer.code)[:1] and not enhanced.endswith(".0.0") else ""
    return f"smtp_{answer.code}_{told}" if told else f"smtp_{answer.code}"


def is_gone(answer: SMTPResponseException) -> bool:
    """Whether the server says that the address itself is none."""
    return 500 <= answer.code < 600 and enhanced_code(answer.message) in _GONE


def verdict(answer: SMTPResponseException) -> Exception:
    """What a refusal says of the mail."""
    code = reply_code(answer)
    if answer.code == CLOSING or answer.code in _LOGIN or enhanced_code(answer.message) in _MENDED_FIRST:
        return Away(code)
    if answer.code // 100 == 5:
        return Permanent(code, dead_address=is_gone(answer))
    return Transient(code) if enhanced_code(answer.message).startswith(_SYSTEM) else Declined(code)
