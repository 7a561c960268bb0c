"""What a value must be and how it is written, in words a designer knows, from what a model found wrong with it."""

import re
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from journeys.model import AGAIN, EVENT_TYPE, NAME, PLACE, SLUG, TARGET
from journeys.model.folder import DATE, DAYS
from journeys.model.parts import CLOCK, PACE, SHARE, WINDOW
from journeys.problem import close_to
from journeys.tree import Scalar, Tree


class Form(NamedTuple):
    """What a value must be, and one that is."""

    wanted: str
    example: str = ""


NAMED = Form("a name of small letters, digits, `-` and `_`", "win-back")
PLACED = Form("the kind or id of a place", "stores")
DURATION = Form("a duration such as 20h, 7d or 1mo", "7d")
TYPE = Form("an event type such as `order.placed`", "order.placed")
CONDITION = Form("a condition, as text", "event.total > 30")
EXPRESSION = Form("an expression, a number or a truth value", "event.total")
CLOCKED = Form("a time of day such as `09:00`", '"09:00"')
TEXT = Form("text")
_SHARED = Form("a share such as `5%`", "5%")
_BLOCKED = Form("`drop`, `defer:` with the longest delay, or `else:` with the nodes that follow", "drop")
_JOINED = Form("`all`, `any` or `first:` with how many", "all")
_PACED = Form("customers a second such as `100/s`", "100/s")
_DAYS = Form("a weekday, or such as `monday-friday`", "monday-friday")

_EXAMPLES = {
    "exit": "done",
    "as": "converted",
    "send": "welcome",
    "channel": "email",
    "channels": "email",
    "queue": "hotline",
}

FORMS: dict[str, Form] = {
    **dict.fromkeys(("journey", "topic", "id", "brand", "catalog", "message"), NAMED),
    **dict.fromkeys(
        ("segment", "to_segment", "enters_segment", "leaves_segment", "start", "task", "call", "to"), NAMED
    ),
    **dict.fromkeys(("tag", "untag", "split", "parallel", "best_offer"), NAMED),
    **dict.fromkeys(("ttl", "late", "wait", "within", "void_after", "for", "warn", "jitter", "defer"), DURATION),
    **dict.fromkeys(("on", "wait_for", "absent", "broadcast", "digest", "flush_on", "emit", "restart_on"), TYPE),
    **dict.fromkeys(("where", "unless", "when", "until", "eligible", "applicable", "suitable"), CONDITION),
    **dict.fromkeys(("key", "revenue", "date", "wait_until", "context"), EXPRESSION),
    **dict.fromkeys(("between", "quiet_hours"), Form("times of day such as `09:00-20:00`", '"09:00-20:00"')),
    **{name: Form(NAMED.wanted, example) for name, example in _EXAMPLES.items()},
    **dict.fromkeys(("enters_place", "leaves_place", "stays_in_place"), PLACED),
    "due": Form("a duration such as 20h, or an expression of a date such as `entry.call_at`", "20h"),
    "again": Form("`never`, `always`, `after exit` or such as `7d after entry`", "7d after entry"),
    "max_live": Form("a whole number from 1 to 20", "5"),
    "when_blocked": _BLOCKED,
    "class": Form("`marketing`, `service` or `critical`", "service"),
    "from": Form("`any`", "any"),
    "pace": _PACED,
    "join": _JOINED,
    "every": Form("a schedule in the five fields of cron, such as `0 9 * * 1`", '"0 9 * * 1"'),
    "holdout": _SHARED,
    "floor": _SHARED,
    "zone": Form("text", "Europe/Paris"),
}
"""By key, for what has a form of its own wherever it stands."""
_PATTERNS: dict[str, Form] = {
    SLUG: NAMED,
    PLACE: PLACED,
    EVENT_TYPE: TYPE,
    NAME: Form("a name of letters, digits and `_`", "total"),
    TARGET: Form("`customer.NAME` or `vars.NAME`", "vars.total"),
    CLOCK: CLOCKED,
    WINDOW: Form("times of day such as `09:00-20:00`", '"09:00-20:00"'),
    SHARE: _SHARED,
    PACE: _PACED,
    AGAIN: FORMS["again"],
    DAYS: _DAYS,
    DATE: Form("a date such as `2026-12-24`", "2026-12-24"),
    r"^[A-Z]{3}$": Form("a currency such as `EUR`", "EUR"),
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$": Form("a country such as `FR`", "FR"),
    r"^https?://": Form("an address that begins with `https://`", '"https://shop.example/scores"'),
}
_LISTS = {
    "exit": "exit: [{on: order.placed, as: converted}]",
    "wait_for": "wait_for:` with events below it, such as `- on: order.placed",
    "choose": "choose:` with branches below it, such as `- when: event.total > 30",
    **{
        name: f"{name}:` with a list of nodes below it, such as `- send: welcome"
        for name in ("do", "else", "steps", "on_error")
    },
}
_NUMBERS = {"greater_than_equal": "at least {ge}", "less_than_equal": "at most {le}", "less_than": "less than {lt}"}
_EMPTY = re.compile(r"too_short$")


def wanted(error: ErrorDetails, name: str) -> Form:
    """What the value of a key must be, by the fault that was found."""
    context: dict[str, Any] = error.get("ctx", {})
    given = FORMS.get(name)
    match error["type"]:
        case "list_type":
            return Form("a list", f"[{given.example}]" if given and given.example else "")
        case "model_type" | "model_attributes_type" | "dict_type":
            return Form("a mapping")
        case "string_pattern_mismatch" if found := _PATTERNS.get(context.get("pattern", "")):
            return found
        case "too_short" | "string_too_short" | "too_long" | "string_too_long":
            return given if given and given.example and name == "every" else Form(_size(error))
        case "value_error" if "longer than" in str(context.get("error")):
            return Form("a duration of at most 100 years", DURATION.example)
        case "value_error" if re.search("duration|offset", str(context.get("error"))):
            return DURATION
        case "finite_number":
            return Form("a finite number", "1.5")
        case "greater_than_equal" | "less_than_equal" | "less_than" as limit if name != "max_live":
            return _number(limit, context)
        case "literal_error" if given is None:
            return Form(context["expected"].replace("'", "`"), context["expected"].split("'")[1])
        case "bool_type":
            return Form("`yes` or `no`", "yes")
        case "int_type" | "int_from_float" if given is None:
            return Form("a whole number", "1")
        case "float_type" if given is None:
            return Form("a number", "1.5")
        case _:
            return given or (EXPRESSION if name.startswith(("customer.", "vars.")) else TEXT)


def cure(name: str, form: Form, tree: Tree | None, examples: dict[str, str], *, item: bool = False) -> str:
    """How to write a value of that form under that key, or as an item of it, in the place of what stands there."""
    text = tree.text if isinstance(tree, Scalar) and tree.value is not None else None
    if text is not None and form.wanted == TEXT.wanted:
        return f'quote it: {name}: "{shortened(text)}"'
    if text is not None and form.wanted == DURATION.wanted:
        return "give a number with its unit: 30m, 20h, 7d, 2w, 1mo or 1d 12h"
    if text is not None and (near := close_to(text, re.findall(r"`([a-z-]+)`", form.wanted))):
        return f"did you mean `{near}`?"
    if item:
        return f"write `- {'KEY: VALUE' if 'mapping' in form.wanted else form.example or 'VALUE'}`"
    if form.wanted.startswith("a list") and name in _LISTS:
        return f"write `{_LISTS[name]}`"
    if name in examples:
        return f"write `{examples[name]}`"
    if form.wanted.startswith("a mapping"):
        return f"write `{name}:` with `KEY: VALUE` below it"
    return f"write `{name}: {form.example or ('[A, B]' if 'list' in form.wanted else 'VALUE')}`"


def shortened(text: str) -> str:
    """A text as it can stand in a line."""
    return text if len(text) <= 40 else text[:37] + "..."


def _size(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    least, most = context.get("min_length"), context.get("max_length")
    kind = {"List": "a list", "Dictionary": "a mapping"}.get(context.get("field_type", ""), "text")
    if _EMPTY.search(error["type"]):
        return f"{kind} that is not empty" if least == 1 else f"{kind} of at least {least}"
    return f"{kind} of at most {most}"


def _number(limit: str, context: dict[str, Any]) -> Form:
    bound = _NUMBERS[limit].format(**context)
    if len(bound) > 20:
        return Form("a number of at most 64 bits", "1")
    return Form(f"a number of {bound}", str(context.get("ge", context.get("le", 1))))
