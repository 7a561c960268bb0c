"""STOP and its sisters: what a text says that is nothing but one of the words in words.json."""

import re
import unicodedata
from functools import cache
from importlib.resources import files

import msgspec

STOP, START, HELP = "stop", "start", "help"
_LONGEST = 60
"""Characters of a text that may be a word at all."""
_AROUND = re.compile(r"[\W_]+")


def word_of(text: str) -> str:
    """`stop`, `start`, `help`, or empty for a text that says anything else, or anything more.

    Case, accents, and whatever is neither letter nor digit around or between the words do not matter.
    """
    return _words().get(_plain(text), "") if len(text) <= _LONGEST else ""


@cache
def _words() -> dict[str, str]:
    known = msgspec.json.decode(files("streams.inbound").joinpath("words.json").read_bytes(), type=dict[str, list[str]])
    return {_plain(word): what for what, words in known.items() for word in words}


def _plain(text: str) -> str:
    """Small letters without accents, one blank between words: `« Arrêt ! »` is `arret`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    # Korean and the like are put together again, so that both spellings of a syllable are one.
    return _AROUND.sub(" ", unicodedata.normalize("NFKC", bare)).strip()
