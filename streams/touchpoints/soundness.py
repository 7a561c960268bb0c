"""Whether bytes are JSON that the house can keep: where the fault lies, how deep it goes, which numbers it holds."""

import json
from typing import Any, NoReturn

from streams.touchpoints.record import RefusalError, shown

MAX_DEPTH = 64
_SMALLEST, _GREATEST = -(1 << 63), (1 << 64) - 1

Path = tuple["Path | None", object]
"""Where the walk stands: the path of the parent, and the key or index below it. Spelled out only when it is shown."""


def may_hold_nul(value: bytes) -> bool:
    """Whether JSON may hold the character NUL, which is written escaped. One byte first is the cheaper search."""
    return b"\\" in value and b"\\u0000" in value


def refuse_unsound(tree: Any, path: Path, depth: int = 0) -> None:
    """Walks decoded JSON. Raises RefusalError for more than MAX_DEPTH levels, a NUL, an integer over 64 bits."""
    if isinstance(tree, str):
        if "\0" in tree:
            raise RefusalError("nul", f"{_spelled(path)} holds the character NUL, which no store keeps; leave it out")
    elif isinstance(tree, int):
        if not _SMALLEST <= tree <= _GREATEST:
            raise RefusalError("wrong_type", f"{_spelled(path)} is an integer of more than 64 bits; send it as text")
    elif isinstance(tree, dict | list):
        if depth == MAX_DEPTH:
            raise RefusalError("too_deep", f"{_spelled(path)} lies more than {MAX_DEPTH} levels deep; flatten it")
        for key, part in tree.items() if isinstance(tree, dict) else enumerate(tree):
            refuse_unsound(key, path, depth + 1)
            refuse_unsound(part, (path, key), depth + 1)


def _spelled(path: Path | None) -> str:
    keys: list[str] = []
    while path is not None:
        keys.append(shown(path[1]).strip("'"))
        path = path[0]
    return ".".join(reversed(keys[-4:])) + ("..." if len(keys) > 4 else "")


def refuse_malformed(value: bytes, fault: Exception) -> NoReturn:
    """Says where bytes that did not decode stop being JSON. Raises RefusalError."""
    if isinstance(fault, RecursionError):
        raise RefusalError("too_deep", f"the value lies more than {MAX_DEPTH} levels deep; flatten it") from None
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is 0x{value[error.start]:02x}, which is not UTF-8; send JSON in UTF-8"
        raise RefusalError("malformed", reason) from None
    raise RefusalError("malformed", f"the value is not JSON: {_where(text, fault)}; send one JSON object") from None


def _where(text: str, fault: Exception) -> str:
    """Python's own reader names the position better, but takes halves of surrogates, and words as numbers."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.msg} at line {error.lineno} column {error.colno} (byte {len(text[: error.pos].encode())})"
    except (ValueError, RecursionError) as error:
        return str(error)
    if "\\ud" in text.lower():
        return "an escaped surrogate stands without its other half"
    return str(fault)
