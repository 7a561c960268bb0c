"""The documented differences from CEL, written out in CEL: what it must be asked to give what we give."""


def arithmetic(sign: str, left: str, right: str) -> str:
    """An int beside a double is read as a double."""
    return (
        f"cel.bind(p, {left}, cel.bind(q, {right}, type(p) == int && type(q) == double ? double(p) {sign} q :"
        f" type(p) == double && type(q) == int ? p {sign} double(q) : p {sign} q))"
    )


def signed_twice(sign: str, operand: str) -> str:
    """Two signs are two operators; CEL drops both before it looks at the operand."""
    return f"{sign}({sign}({operand}))"


def indexed(operand: str, key: str) -> str:
    """A double is no place in a list."""
    return f"cel.bind(k, {key}, type(k) == double ? [][0] : {operand}[k])"


def keyed(key: str, value: str) -> str:
    """The key of a map is a text."""
    return f"cel.bind(k, {key}, type(k) == string ? {{k: {value}}} : [][0])"


def to_string(value: str) -> str:
    """A double is written shortest."""
    return f"cel.bind(x, {value}, type(x) == double ? shown(x) : string(x))"


def to_int(value: str) -> str:
    """A text holds nothing but digits; the least int can be reached; a boolean is no number."""
    least = "-9223372036854775808"
    return (
        f"cel.bind(x, {value}, type(x) == string && !x.matches(r'^[+-]?[0-9]{{1,20}}$') ? [][0] :"
        f" type(x) == double && x == {least}.0 ? {least} : type(x) == bool ? [][0] : int(x))"
    )


def to_double(value: str) -> str:
    """A text holds nothing but a decimal."""
    pattern = r"r'^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$'"
    return f"cel.bind(x, {value}, type(x) == string && !x.matches({pattern}) ? [][0] : double(x))"
