"""The Liquid that designers get: python-liquid with limits, without files, clock or a way around escaping."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from liquid import Environment, RenderContext, is_undefined
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.filter import with_context

MAX_TEXT = 512 * 1024
MAX_ITEMS = 10_000
MAX_COMPARED = 1_000
"""Items of which each is compared with each."""
MAX_BITS = 256
_LEFT_OUT_TAGS = ("include", "render", "increment", "decrement")
_LEFT_OUT_FILTERS = ("safe", "escapejs")
_AT_ONCE = frozenset({"size", "first", "last"})
"""Filters that do not look at each item of a list."""
_FORMAT = re.compile(r"(?:[^%]|%-?[A-Za-z%])*")


class Limited(Environment):
    """One environment for every template of a kind (HTML or plain); its limits hold for each render by itself."""

    block_nesting_limit = 30
    context_depth_limit = 30
    loop_iteration_limit = MAX_ITEMS
    local_namespace_limit = MAX_TEXT
    output_stream_limit = MAX_TEXT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for tag in _LEFT_OUT_TAGS:
            del self.tags[tag]
        for left_out in _LEFT_OUT_FILTERS:
            del self.filters[left_out]
        self.filters["date"] = date
        self.filters["asset_url"] = asset_url
        self.filters = {name: _limited(name, apply) for name, apply in self.filters.items()}


def date(value: object, form: object) -> str:
    """Formats an ISO 8601 text, or epoch seconds or milliseconds, in UTC; anything else is given back as text."""
    if value is None or is_undefined(value):
        return ""
    if not isinstance(form, str) or not _FORMAT.fullmatch(form):
        raise FilterArgumentError(f"date takes a format like '%d %B %Y', found {form!r}", token=None)
    at = _instant(value)
    return str(value) if at is None else at.strftime(form)


@with_context
def asset_url(value: object, *, context: RenderContext) -> str:
    """The address of a file beneath the project's `assets_url`; nothing without one."""
    base = context.resolve("assets_url", default="")
    return f"{base}/{str(value).lstrip('/')}" if base else ""


def _instant(value: object) -> datetime | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= 1e11 else value, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _limited(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing to build values that no message needs: a short template must not fill the memory."""

    @wraps(apply)
    def limited(value: Any, *args: Any, **kwargs: Any) -> Any:
        _guard_input(name, value, args)
        result = apply(value, *args, **kwargs)
        if _too_large(result):
            raise LiquidError(f"filter '{name}' gives more than a message may hold", token=None)
        return result

    return limited


def _too_large(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > MAX_TEXT
    if isinstance(value, int):
        return value.bit_length() > MAX_BITS
    return isinstance(value, list) and len(value) > MAX_ITEMS


def _guard_input(name: str, value: Any, args: tuple[Any, ...]) -> None:
    for given in (value, *args):
        if isinstance(given, range) and len(given) > MAX_ITEMS:
            raise LiquidError(f"a range of {len(given)} items is longer than {MAX_ITEMS}", token=None)
        most = MAX_COMPARED if name == "uniq" else MAX_ITEMS
        if isinstance(given, list) and len(given) > most and name not in _AT_ONCE:
            raise LiquidError(f"filter '{name}' takes at most {most} items, found {len(given)}", token=None)
    if name == "map" and args and not isinstance(args[0], str):
        raise FilterArgumentError("map takes a name, such as 'price'", token=None)
    if name == "join" and isinstance(value, list) and args and len(value) * len(str(args[0])) > MAX_TEXT:
        raise LiquidError("filter 'join' would give more than a message may hold", token=None)
    if name.startswith("replace") and len(args) > 1 and len(str(value)) * max(1, len(str(args[1]))) > 64 * MAX_TEXT:
        raise LiquidError(f"filter '{name}' would give more than a message may hold", token=None)
