"""Phrases in texts, whatever their case, accents and blanks: `100 % Naturel` is found as `100% naturel`."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SAME = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
_HIDDEN = ("Mn", "Cf")
"""Categories of signs that nobody sees: marks upon letters, soft hyphens, joiners."""


def found(phrase: str, text: str) -> Iterator[int]:
    """Where a phrase stands in a text as whole words; `*` in it is the rest of a word."""
    folded, at = _folded(text)
    for match in _pattern(phrase).finditer(folded):
        yield at[match.start()]


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = _folded(phrase.replace("%", " % "))[0].split()
    written = r"\s+".join(re.escape(word).replace(r"\*", r"\w*") for word in words).replace(r"\s+%", r"\s*%")
    written = re.sub(r"%\\s\+", r"%\\s*", written)
    before = r"(?<!\w)" if words and words[0][0].isalnum() else ""
    after = r"(?!\w)" if words and words[-1][-1].isalnum() else ""
    return re.compile(f"{before}{written}{after}" if words else r"(?!)")


@lru_cache(maxsize=512)
def _folded(text: str) -> tuple[str, list[int]]:
    """The text in small letters without accents, and where each of its signs stood."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    signs, at = list[str](), list[int]()
    for index, sign in enumerate(text):
        for part in unicodedata.normalize("NFKD", _SAME.get(sign, sign)).casefold():
            if unicodedata.category(part) not in _HIDDEN:
                signs.append(part)
                at.append(index)
    return "".join(signs), at
