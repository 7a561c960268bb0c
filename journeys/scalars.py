"""Single values as the core schema of YAML 1.2 reads them: `no`, `on` and dates are text."""

import re
from typing import Any

from journeys.tree import Core, Mark, Scalar
from journeys.yamlfaults import TAG, YamlError, place, strange_tag

_TAGGED: dict[str, tuple[type, ...]] = {
    TAG + "null": (type(None),),
    TAG + "bool": (bool,),
    TAG + "int": (int,),
    TAG + "float": (int, float),
}
_NULL = ("", "~", "null", "Null", "NULL")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,60}|0o[0-7]{1,60}|0x[0-9a-fA-F]{1,60}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def core(text: str) -> Core:
    """A plain scalar as the core schema of YAML 1.2 reads it."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan") if "." in text else text)
    return text


def scalar(event: Any, mark: Mark) -> Scalar:
    """The value of a parser's event. Raises YamlError for a tag that is unknown, or says what the value is not."""
    value: Core = event.value
    if event.style is None and event.tag is None:
        value = core(event.value)
    elif event.tag not in (None, "!", TAG + "str"):
        value = core(event.value)
        if event.tag not in _TAGGED:
            raise strange_tag(event.tag, mark)
        if not isinstance(value, _TAGGED[event.tag]):
            raise YamlError(f"`{event.value}` is not what its tag says", mark, "leave the tag out")
    return Scalar(value, event.value, event.style or "", mark, place(event.end_mark))
