"""docs/reference.md: every mapping of the journey language with its keys, types and defaults, from the models."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from journeys import lives
from journeys.duration import Duration, Offset
from journeys.meanings import meaning
from journeys.model import (
    TRIGGERS,
    VERBS,
    Arm,
    Awaited,
    Becoming,
    Blocked,
    Brand,
    Budget,
    Cap,
    ChannelCost,
    Condition,
    ContentRule,
    Defer,
    Entry,
    EventType,
    EventTypes,
    ExitRule,
    Expression,
    Fact,
    Fallback,
    Faq,
    FaqEntry,
    First,
    Goal,
    Hours,
    Inputs,
    Journey,
    MessageHead,
    Moment,
    Node,
    Offer,
    Offers,
    Otherwise,
    Outcome,
    ParallelBranch,
    Part,
    Project,
    QuietHours,
    Recency,
    Segment,
    Service,
    Slug,
    SmsRules,
    Utm,
    Voice,
    When,
    Winner,
    Words,
)
from journeys.model.charter import COLOUR, DAY, FACT
from journeys.model.folder import Tracking
from journeys.model.leaves import Target
from journeys.model.offers import Arbitration
from journeys.model.offers import Outcome as Taking
from journeys.model.parts import EVENT_TYPE, NAME, PACE, SHARE, Clock, Slugs, Truth, Weekdays, Window
from journeys.model.triggers import AGAIN

_HEAD = """# Reference of the journey language

Written by `sillage schemas` from the models themselves; a test holds this page against the code. What each mapping
does, with examples, stands in [journeys.md](journeys.md), [triggers.md](triggers.md), [nodes.md](nodes.md),
[segments.md](segments.md) and [testing-journeys.md](testing-journeys.md).

| type | written |
|---|---|
| name | small letters, digits, `-` and `_`, at most 80: `abandoned-basket` |
| event type | `order.placed`; letters, digits, `_`, `.`, `:`, `/` and `-`, at most 120 |
| condition | [CEL](conditions.md), true or false; or a list: all under `where` and `when`, none under `unless` |
| expression | CEL, or a number or truth value that stands for itself; a text is quoted twice: `'"free delivery"'` |
| duration | `30m`, `20h`, `7d`, `2w`, `1mo`, `1d 12h` ([time.md](time.md)); an offset may have a sign, `-7d` |
| time of day, window | `"09:00"`, `"09:00-20:00"`, `"21:00-08:00"` |
| truth | `yes` or `no`; `true` and `false` do as well |
| nodes | a list of [nodes](#nodes) |
| inputs | a mapping: names with expressions |

Any other key is a fault ([J004](check.md#j004)).
"""
SECTIONS: dict[str, dict[str, type[Part]]] = {
    "Journeys": {"journey": Journey, "exit rule": ExitRule, "goal": Goal, "budget": Budget},
    "Triggers": {"any trigger": Entry, **TRIGGERS},
    "Nodes": dict(VERBS),
    "Parts of nodes": {
        "moment": Moment,
        "awaited event": Awaited,
        "awaited state": Becoming,
        "when branch": When,
        "else branch": Otherwise,
        "arm": Arm,
        "winner": Winner,
        "blocked": Blocked,
        "defer": Defer,
        "fallback": Fallback,
        "outcome": Outcome,
        "parallel branch": ParallelBranch,
        "first": First,
    },
    "Beside the journeys": {
        "segment": Segment,
        "catalog of offers": Offers,
        "offer": Offer,
        "taking an offer": Taking,
        "faq": Faq,
        "faq entry": FaqEntry,
        "arbitration": Arbitration,
        "project": Project,
        "hours": Hours,
        "service": Service,
        "channel cost": ChannelCost,
        "rules of sms": SmsRules,
        "cap": Cap,
        "quiet hours": QuietHours,
        "recency": Recency,
        "brand": Brand,
        "brand in another language": Voice,
        "words": Words,
        "fact": Fact,
        "utm": Utm,
        "content rule": ContentRule,
        "message": MessageHead,
        "tracking": Tracking,
    },
    "Lives": {
        "life": lives.Outline,
        "customer": lives.Person,
        "step of a life": lives.Moment,
        "context": lives.Surroundings,
        "expect": lives.Expected,
    },
}
"""Each mapping by the name that its heading has."""
_TITLES = {part: title for parts in SECTIONS.values() for title, part in parts.items()}
_WORDS: list[tuple[Any, str]] = [
    (Condition, "condition"),
    (Expression, "expression"),
    (EventTypes, "event type, or a list"),
    (EventType, "event type"),
    (Slugs, "name, or a list"),
    (Slug, "name"),
    (Inputs, "inputs"),
    (Truth, "truth"),
    (Clock, "time of day"),
    (Window, "window"),
    (Weekdays, "weekday, or a list"),
    (Target, "`customer.NAME` or `vars.NAME`"),
    (list[Node], "nodes"),
    (Duration, "duration"),
    (Offset, "offset"),
    (str, "text"),
    (int, "whole number"),
    (float, "number"),
    (bool, "truth"),
    (Any, "anything"),
]
_PATTERNS = {
    EVENT_TYPE: "event type",
    AGAIN: "`never`, `always`, `after exit`, or a duration and `after entry`",
    NAME: "name of a variable",
    PACE: "customers a second, `100/s`",
    SHARE: "share, `5%`",
    FACT: "name for templates",
    DAY: "day, `2026-12-31`",
    COLOUR: "colour, `#6b4f3a`",
}


def language_page() -> str:
    """The page, section by section."""
    lines = [_HEAD]
    for section, parts in SECTIONS.items():
        lines.append(f"## {section}\n")
        for title, part in parts.items():
            lines += [f"### {title}\n", f"{_sentences(part)}\n", _table(part)]
    return "\n".join(lines).rstrip() + "\n"


def _sentences(part: type[Part]) -> str:
    return " ".join((part.__doc__ or "").split())


def _table(part: type[Part]) -> str:
    hints = get_type_hints(part, include_extras=True)
    shared = Entry.model_fields.keys() if issubclass(part, Entry) and part is not Entry else set[str]()
    what = _sentences(part)
    rows = [
        f"| `{key}` | {_type(hints[name], field)} | {_default(field)} | "
        f"{meaning(part.__name__, key, what, verb={**VERBS, **TRIGGERS}.get(key) is part)} |\n"
        for name, field in part.model_fields.items()
        if name not in shared
        for key in (field.alias or name,)
    ]
    return "| key | type | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if value is PydanticUndefined or value is None or value in ([], {}, ""):
        return "none"
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    if isinstance(value, Defer):
        return f"`{{defer: {value.defer.text}}}`"
    return f"`{value.text if isinstance(value, Duration) else value}`"


def _type(hint: Any, field: FieldInfo) -> str:
    """What may stand there; the parts of a life are read one by one, each against its own model."""
    return _with_limits(_word(hint), field.metadata)


def _with_limits(word: str, metadata: list[Any]) -> str:
    """A type with the least and the greatest that it may be, or in the words of its pattern."""
    for found in metadata:
        pattern = getattr(found, "pattern", None)
        word = _PATTERNS.get(pattern, word) if pattern else word
    least, most = (
        next((value for each in metadata for name in names if (value := getattr(each, name, None)) is not None), None)
        for names in (("ge", "min_length"), ("le", "max_length"))
    )
    if most is not None:
        return f"{word}, {least or 0} to {most}"
    return f"{word}, at least {least}" if least and word.endswith("number") else word


def _word(hint: Any) -> str:
    for known, word in _WORDS:
        if hint == known:
            return word
    origin, among = get_origin(hint), get_args(hint)
    if origin is Annotated:
        metadata = [each for given in among[1:] for each in getattr(given, "metadata", [given])]
        return _with_limits(_word(among[0]), metadata)
    if origin in (Union, UnionType):
        return _either([_word(each) for each in among if each is not NoneType])
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in among)
    if origin is list:
        return f"list: {_word(among[0])}"
    if origin is dict:
        return f"mapping: {_word(among[0])} to {_word(among[1])}"
    title = _TITLES[hint]
    return f"[{title}](#{title.replace(' ', '-')})"


def _either(words: list[str]) -> str:
    triggers = [f"[{name}](#{name})" for name in TRIGGERS]
    rest = [word for word in dict.fromkeys(words) if word not in triggers]
    return " or ".join(["[trigger](#triggers)", *rest] if len(rest) + len(triggers) == len(words) else words)
