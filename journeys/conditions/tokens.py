"""Source text to tokens: names, numbers, strings and marks of CEL, each with its line and column."""

import re
from typing import Literal

import msgspec

from journeys.conditions.errors import ConditionError

TokenKind = Literal["int", "double", "string", "name", "mark", "end"]
Where = tuple[int, int]
"""Line and column, both from 1."""

_SPACE = re.compile(r"(?:[ \t\r\n\f]|//[^\n]*)+")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARK = re.compile(r"&&|\|\||==|!=|<=|>=|[<>!+\-*/%?:.,()\[\]{}]")
_QUOTE = re.compile(r"([rRbB]*)(\"\"\"|'''|\"|')")
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_SIMPLE = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))
_CURES = {
    "=": "write == to compare",
    "&": "write && for and",
    "|": "write || for or",
    "“": 'write plain quotes, "like this"',
    "”": 'write plain quotes, "like this"',
    "’": "write plain quotes, 'like this'",
    ";": "a condition is one expression; write two conditions as a list",
    "#": "a comment inside a condition begins with //",
}


class Token(msgspec.Struct, frozen=True):
    """One word of the source; `value` holds what a literal means."""

    kind: TokenKind
    text: str
    where: Where
    value: int | float | str = ""


def tokens(source: str) -> list[Token]:
    """All tokens of the source, an `end` token last. Raises ConditionError at the first character that fits nothing."""
    found = []
    at = 0
    while True:
        if space := _SPACE.match(source, at):
            at = space.end()
        if at == len(source):
            found.append(Token("end", "end of the condition", _where(source, at)))
            return found
        token, at = _token(source, at)
        found.append(token)


def _token(source: str, at: int) -> tuple[Token, int]:
    where = _where(source, at)
    if quote := _QUOTE.match(source, at):
        return _string(source, quote, where)
    if number := _NUMBER.match(source, at):
        return _number(source, number, where)
    if name := _NAME.match(source, at):
        return Token("name", name[0], where), name.end()
    if mark := _MARK.match(source, at):
        return Token("mark", mark[0], where), mark.end()
    character = source[at]
    raise ConditionError(
        f"character {character!r} has no meaning here",
        *where,
        _CURES.get(character, 'text stands in quotes; a field of another spelling is read as event["its name"]'),
    )


def _where(source: str, at: int) -> Where:
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)


def _number(source: str, number: re.Match[str], where: Where) -> tuple[Token, int]:
    text, end = number[0], number.end()
    if tail := _NAME.match(source, end):
        hint = "unsigned numbers are not part of this language" if tail[0] in ("u", "U") else "text stands in quotes"
        raise ConditionError(f"number {text}{tail[0]} is not a number", *where, hint)
    if text.startswith("0x"):
        return Token("int", text, where, int(text, 16)), end
    if text.isdigit():
        return Token("int", text, where, int(text)), end
    value = float(text)
    if value == float("inf"):
        raise ConditionError(f"number {text} is beyond what a double holds", *where, "the greatest is about 1.79e308")
    return Token("double", text, where, value), end


def _string(source: str, quote: re.Match[str], where: Where) -> tuple[Token, int]:
    prefix, mark = quote[1].lower(), quote[2]
    if prefix not in ("", "r"):
        raise ConditionError("bytes are not part of this language", *where, "write the text without the b")
    start = at = quote.end()
    while not source.startswith(mark, at):
        if at >= len(source) or (len(mark) == 1 and source[at] in "\r\n"):
            raise ConditionError("text is not closed", *where, f"it ends with {mark}")
        at += 2 if source[at] == "\\" and not prefix else 1
    body = source[start:at]
    value = body if prefix else _unescape(source, start, body)
    end = at + len(mark)
    return Token("string", source[quote.start() : end], where, value), end


def _unescape(source: str, start: int, body: str) -> str:
    def meant(escape: re.Match[str]) -> str:
        code = next((digits for digits in escape.groups()[:3] if digits), None)
        if code is None and escape[4] is None:
            if escape[5] in _SIMPLE:
                return _SIMPLE[escape[5]]
        else:
            point = int(code, 16) if code else int(escape[4], 8)
            if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                return chr(point)
        raise ConditionError(
            f"escape {escape[0]} means nothing",
            *_where(source, start + escape.start()),
            'write \\\\ for a backslash, or r"..." for a text without escapes',
        )

    return _ESCAPE.sub(meant, body)
