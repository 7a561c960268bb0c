"""Conditions that YAML misreads: why, and the quoted form to paste."""

import re

import msgspec

from journeys.tree import Mark, Scalar

_CONDITIONS = "where|unless|when|eligible|applicable|suitable"
_KEYED = re.compile(rf"""(\s*(?:-\s+)*)((?:{_CONDITIONS}|key|revenue|customer\.[\w.]+)\s*:[ \t]+)(\S.*)""")
_ITEM = re.compile(r"(\s*(?:-\s+)*)(-\s+)(\S.*)")
_LIST_HEAD = re.compile(rf"\s*(?:-\s+)*(?:{_CONDITIONS})\s*:\s*(?:#.*)?")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?")
_QUOTED = re.compile(r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")\s*(?:#.*)?""")
_STARTS = {
    "!": "a tag",
    "&": "an anchor",
    "*": "an alias",
    "{": "a mapping",
    "[": "a list",
    '"': "a quoted text",
    "'": "a quoted text",
    "|": "a block of lines",
    ">": "a block of lines",
    "%": "a directive",
    "@": "nothing",
    "`": "nothing",
}


class Bare(msgspec.Struct, frozen=True):
    """A condition written without quotes: its lines (from 1), the column of its value, what stands before it."""

    line: int
    last: int
    column: int
    before: str
    source: str

    @property
    def reason(self) -> str:
        """Why YAML reads something else, in words; empty if nothing in it is special to YAML."""
        sign = self.source[0]
        if sign in _STARTS:
            return f"a condition that starts with `{sign}` is {_STARTS[sign]} to YAML"
        if ": " in self.source or self.source.endswith(":"):
            return "a condition that holds `: ` is a mapping to YAML"
        if " #" in self.source:
            return "what follows ` #` in a condition is a comment to YAML"
        return ""

    @property
    def hint(self) -> str:
        """The cure, ready to paste."""
        return f"quote it: {self.before.strip()} {quoted(self.source)}"

    def scalar_in(self, text: str) -> Scalar:
        """The condition as the value that was meant, at its place in the text."""
        index = sum(len(row) + 1 for row in text.split("\n")[: self.line - 1]) + self.column - 1
        end = Mark(self.line, self.column, index + len(self.source))
        return Scalar(self.source, self.source, "", Mark(self.line, self.column, index), end)

    def quoted_in(self, text: str) -> str:
        """The text with this condition quoted; lines keep their numbers."""
        lines = text.split("\n")
        lines[self.line - 1] = lines[self.line - 1][: self.column - 1] + quoted(self.source)
        lines[self.line : self.last] = [""] * (self.last - self.line)
        return "\n".join(lines)


def quoted(source: str) -> str:
    """A condition as a YAML scalar in the quotes that need the fewest escapes."""
    if "'" in source and '"' not in source and "\\" not in source:
        return f'"{source}"'
    doubled = source.replace("'", "''")
    return f"'{doubled}'"


def condition_at(text: str, line: int) -> Bare | None:
    """The unquoted condition that stands in a line (from 1), or goes on there; None if there is none."""
    lines = text.split("\n")
    for number in range(min(line, len(lines)), 0, -1):
        found = _starts_at(lines, number)
        if found is not None:
            return found if found.last >= line else None
        if not lines[number - 1].strip() or line - number > 20:
            return None
    return None


def _starts_at(lines: list[str], number: int) -> Bare | None:
    row = lines[number - 1].rstrip()
    parts = _KEYED.fullmatch(row) or (_ITEM.fullmatch(row) if _in_list(lines, number) else None)
    if parts is None:
        return None
    lead, before, source = parts.groups()
    source = _without_comment(source)
    if _QUOTED.fullmatch(source) or _BLOCK.fullmatch(source) or (source[0] == "[" and source[-1] == "]"):
        return None
    last = number
    while last < len(lines) and lines[last].strip() and _indent(lines[last]) > len(lead):
        source += " " + lines[last].strip()
        last += 1
    return Bare(number, last, len(lead) + len(before) + 1, before, source)


def _without_comment(source: str) -> str:
    """A comment begins at ` #` where every quote before it is closed."""
    for found in re.finditer(r"\s+#", source):
        head = source[: found.start()]
        if balanced(head):
            return head
    return source


def balanced(source: str) -> bool:
    """Whether every quote of a condition is closed."""
    return re.fullmatch(r"""(?:[^'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*""", source) is not None


def _in_list(lines: list[str], number: int) -> bool:
    """Whether a line is an item of the list under a `where` or another key of conditions."""
    indent = _indent(lines[number - 1])
    for row in reversed(lines[: number - 1]):
        if not row.strip() or (row.lstrip().startswith("-") and _indent(row) == indent):
            if _LIST_HEAD.fullmatch(row):
                return True
            continue
        if _indent(row) <= indent:
            return bool(_LIST_HEAD.fullmatch(row))
    return False


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())
