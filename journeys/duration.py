"""Durations as designers write them: `d w mo` are calendar units in the person's zone, `h m s` elapsed time."""

import re
from typing import Any

import msgspec
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_PART = re.compile(r"(\d+)(mo|w|d|h|m|s)")
_WHOLE = re.compile(r"(?:\d+(?:mo|w|d|h|m|s)\s*)+")
_ELAPSED_MS = {"h": HOUR_MS, "m": 60_000, "s": 1_000}
_LONGEST_MS = 36_500 * DAY_MS


class Duration(msgspec.Struct, frozen=True):
    """Calendar months and days, then elapsed milliseconds. `text` is what was written."""

    months: int
    days: int
    elapsed_ms: int
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """`20h`, `1d`, `2h 30m`, `1mo`. Raises ValueError that names the form expected."""
        if not _WHOLE.fullmatch(text.strip()):
            raise ValueError(f"duration {text!r} is not like 30m, 20h, 7d, 2w, 1mo or 1d 12h")
        months = days = elapsed = 0
        for count, unit in _PART.findall(text):
            if unit == "mo":
                months += int(count)
            elif unit in ("d", "w"):
                days += int(count) * (7 if unit == "w" else 1)
            else:
                elapsed += int(count) * _ELAPSED_MS[unit]
        if months > 1200 or days > 36_500 or elapsed > _LONGEST_MS:
            raise ValueError(f"duration {text!r} is longer than 100 years")
        return cls(months, days, elapsed, text)

    @property
    def roughly_ms(self) -> int:
        """How long it is where months have 31 days and days 24 hours."""
        return (self.months * 31 + self.days) * DAY_MS + self.elapsed_ms

    @property
    def least_ms(self) -> int:
        """How long it is at least: months have 28 days or more, days lack an hour or two where clocks go forward."""
        days = 28 * self.months + self.days
        return days * DAY_MS - (2 * HOUR_MS if days else 0) + self.elapsed_ms

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda duration: duration.text, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def _read(cls, value: Any) -> "Duration":
        if isinstance(value, Duration):
            return value
        if not isinstance(value, str):
            raise ValueError("a duration is text")
        return cls.parse(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\s*(\d+(mo|w|d|h|m|s)\s*)+$", "examples": ["20h", "7d", "1mo"]}


class Offset(msgspec.Struct, frozen=True):
    """A duration before (`-7d`) or after (`7d`) an instant."""

    before: bool
    duration: Duration

    @classmethod
    def parse(cls, text: str) -> "Offset":
        """`-7d`, `2h`, `+1mo`. Raises ValueError as Duration does."""
        stripped = text.strip()
        return cls(stripped.startswith("-"), Duration.parse(stripped.removeprefix("-").removeprefix("+")))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda offset: f"{'-' if offset.before else ''}{offset.duration.text}",
                return_schema=core_schema.str_schema(),
            ),
        )

    @classmethod
    def _read(cls, value: Any) -> "Offset":
        if isinstance(value, Offset):
            return value
        if not isinstance(value, str):
            raise ValueError("an offset is text")
        return cls.parse(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\s*[-+]?(\d+(mo|w|d|h|m|s)\s*)+$", "examples": ["-7d", "2h"]}
