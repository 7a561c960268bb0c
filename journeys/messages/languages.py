"""The languages of a message: `email.fr.txt` beside `email.txt`, and which of them a person reads."""

import re
from collections.abc import Iterator

TAG = r"[a-z]{2,3}(-([A-Z]{2}|[A-Z][a-z]{3}))?"
"""A language as files and subjects name it: `fr`, `fr-CA`, `zh-Hant`."""
_FILE = re.compile(r"([a-z][a-z0-9_-]*)\.([A-Za-z0-9_-]+)\.(html|txt|yaml)")
_REGION, _SCRIPT = 2, 4


def split(file: str) -> tuple[str, str]:
    """The file of the project's own language, and the language: `email.fr.txt` gives `email.txt` and `fr`."""
    found = _FILE.fullmatch(file)
    return (f"{found[1]}.{found[3]}", found[2]) if found else (file, "")


def in_language(file: str, language: str) -> str:
    """The other way round."""
    channel, _, ending = file.rpartition(".")
    return f"{channel}.{language}.{ending}"


def fallbacks(language: str) -> Iterator[str]:
    """What is looked for in turn, however it is spelled: `fr_ca` gives `fr-CA`, `fr`."""
    first, *rest = language.strip().replace("_", "-").split("-")
    for part in rest[:1]:
        if len(part) in (_REGION, _SCRIPT):
            yield f"{first.lower()}-{part.upper() if len(part) == _REGION else part.title()}"
    if first:
        yield first.lower()
