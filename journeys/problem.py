"""One fault of a definition: where it stands, what is wrong, and the cure."""

import difflib
from collections.abc import Iterable

import msgspec

LONGEST = 600
"""Characters that are told of what is wrong, and of its cure."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """A fault at a line and column (both from 1) of a file; problems sort as a reader meets them.

    `str()` is exactly one line, `file:line:column: J012 what is wrong; hint: the cure`, whatever the parts hold.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        cure = f"; hint: {_cut(self.hint)}" if self.hint else ""
        return one_line(f"{self.file}:{self.line}:{self.column}: {self.code} {_cut(self.message)}{cure}")


def _cut(text: str) -> str:
    """As much as a person reads: a name of thousands of characters is told by its beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def one_line(text: str) -> str:
    """The text with every line break, control character and lone surrogate written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def close_to(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most probably meant, if one is near enough."""
    found = difflib.get_close_matches(word[:100], sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the nearest known word, or `otherwise`."""
    near = close_to(word, known)
    return f"did you mean `{near}`?" if near else otherwise


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Words as prose: `a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return f" {joint} ".join(part for part in (", ".join(quoted[:-1]), quoted[-1] if quoted else "") if part)
