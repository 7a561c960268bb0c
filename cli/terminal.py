"""What may go to a terminal: texts without control characters, bytes as text or in hexadecimal, JSON in plain ASCII."""

import json
import re
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator

import click

from cli.errors import CliError
from streams.touchpoints.instants import instant_ms, iso
from streams.touchpoints.record import RefusalError

SHOWN_BYTES = 4096
_ROW = 16
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def plain(text: str) -> str:
    """`text` in one line, whose control and invisible characters are written out as escapes, so that none acts."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def plain_bytes(raw: bytes, limit: int = SHOWN_BYTES) -> Iterator[str]:
    """The lines that show `raw`: as text where it is UTF-8, else in hexadecimal; beyond `limit` bytes are counted."""
    cut = raw[:limit]
    try:
        # A character that the limit cuts in two is no fault of the text.
        text = getincrementaldecoder("utf-8")().decode(cut, final=len(raw) <= limit)
    except UnicodeDecodeError:
        yield from _dump(cut)
    else:
        yield from (plain(line) for line in text.split("\n"))
    if len(raw) > limit:
        yield f"... and {len(raw) - limit} bytes more"


def plain_json(found: object) -> str:
    """JSON in one line of printable ASCII."""
    return json.dumps(found, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f")


def readable_json(found: object) -> str:
    """JSON for `plain`: letters of all languages as they are."""
    return json.dumps(found, ensure_ascii=False)


def utc(at: int) -> str:
    """An instant (ms) in UTC, `-` for 0."""
    return iso(at) if at else "-"


def instant(text: str) -> int:
    """The instant (ms) that an option names: `90s`, `20m`, `2h` or `3d` ago, or as ISO 8601. Raises CliError."""
    if found := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return time.time_ns() // 1_000_000 - int(found[1]) * _UNITS_MS[found[2]]
    try:
        return instant_ms(text, "the instant")
    except RefusalError as refusal:
        raise CliError(f"{refusal}; or how long ago: 20m, 2h, 3d") from None


def reading() -> Callable[[int, int], None]:
    """Tells a terminal how far the reading is, at most ten times a second; nothing where nobody looks."""
    shown_at = 0.0

    def tell(read: int, of: int) -> None:
        nonlocal shown_at
        if click.get_text_stream("stderr").isatty() and (read >= of or time.monotonic() - shown_at > 0.1):
            shown_at = time.monotonic()
            click.echo(f"\rread {read:,} of {of:,} records{'' if read < of else chr(10)}", nl=False, err=True)

    return tell


def _dump(raw: bytes) -> Iterator[str]:
    for start in range(0, len(raw), _ROW):
        row = raw[start : start + _ROW]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<{_ROW * 3}} {letters}"
