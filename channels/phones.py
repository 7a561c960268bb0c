"""Telephone numbers as providers want them: E.164, a plus and 7 to 15 digits (ITU-T E.164, section 6)."""

import re

from channels.channel import Permanent

_SPACED = re.compile(r"[ .()/\u00a0-]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(text: str, code: str) -> str:
    """The number without what people put between digits. Raises Permanent(code) for one with no country, or none."""
    number = _SPACED.sub("", text.strip())
    if not _E164.fullmatch(number):
        raise Permanent(code)
    return number
