"""Sources that are nearly right, and whether both we and CEL can read them."""

import re
from random import Random

from conditions.judge import Cel

from journeys.conditions import ConditionError
from journeys.conditions.grammar import parse

_PIECE = re.compile(r'\s+|"""|[A-Za-z_]\w*|\d+|&&|\|\||[=!<>]=|.', re.DOTALL)
_SIGNS = "( ) [ ] { } , . ? : ! - + * / % && || == != < <= > >= = & | # \\ `"
_WORDS = "in true null 1 2.5 \"a\" ' event has size and 0x 1e u r' b' if"
_OTHERS = re.findall(r"\S+", f"{_SIGNS} {_WORDS}")
_LEFT_OUT = re.compile(
    r"unexpected [.{]|number \S+ (is not a number|does not fit)|number \S+ is beyond|bytes are|\w+ is a reserved word"
    r"|condition is nested|character '`'|has\(\) asks for one field"
)
"""What we refuse and CEL reads: a leading dot, messages, other numbers, bytes, reserved words before a brace, and, as
nothing checks it there, a `has` of anything."""
_NOTHING = re.compile(r"[\[{]\s*,\s*[\]}]")
"""A comma alone in brackets, which CEL reads as nothing."""
_MORE = re.compile(r",\s*\)|[rR](['\"]).*\\\1", re.DOTALL)
"""What we read and CEL refuses: a comma after the last argument, a raw text that ends with a backslash."""


def misspelled(source: str, chance: Random) -> str:
    """The source with a piece or two left out, put in or replaced."""
    pieces = _PIECE.findall(source)
    for _ in range(chance.choice([1, 1, 2])):
        place = chance.randrange(len(pieces)) if pieces else 0
        match chance.randrange(3):
            case 0:
                del pieces[place : place + 1]
            case 1:
                pieces.insert(place, chance.choice(_OTHERS))
            case _:
                pieces[place : place + 1] = [chance.choice(_OTHERS)]
    return "".join(pieces)


def difference(source: str, judge: Cel) -> str:
    """How the two differ about whether the source can be read, empty where they do not or it is documented."""
    reads = judge.compiled(source) is not None
    try:
        parse(source)
    except ConditionError as error:
        documented = _LEFT_OUT.match(error.message) or _NOTHING.search(source)
        return "" if documented or not reads else f"{source!r} is refused here, read by CEL: {error}"
    return "" if reads or _MORE.search(source) else f"{source!r} is read here, refused by CEL"
