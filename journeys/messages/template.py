"""A text with Liquid in it: parsed once, asked which variables it reads, rendered for one person."""

from collections.abc import Iterable, Mapping
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.static_analysis import Variable

from journeys.messages.liquid import MAX_TEXT, Limited
from journeys.problem import did_you_mean

ROOTS = ("customer", "entry", "event", "vars")
SCAN_URL = "scan_url"
WAYS_OUT = frozenset({"unsubscribe_url", "preferences_url"})
"""Links by which people end such messages."""
LINKS = WAYS_OUT | {SCAN_URL}
"""Names that the dispatcher fills in: links of this person, for this topic and channel, and of a letter's code."""
ASSETS = "assets_url"
CONSTANTS = ("brand", "facts", ASSETS)
"""Names that stand for the same in every copy of a version; a message holds their values."""
IN_LAYOUTS = ("content", "subject")
"""Names that only a layout has, for what a message puts in their place."""
_UNCLOSED = 20
_LIST_WORDS = frozenset({"size", "first", "last"})
_PLAIN = Limited(autoescape=False)
_HTML = Limited(autoescape=True)


class TemplateFault(Exception):
    """A template that cannot be read or rendered; `line` and `column` count from 1, 0 where the place is unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Template:
    """A parsed text. `variables` are the dotted paths it reads, each from one of ROOTS, ending where a list begins.

    Those of LINKS are among them, and `constants` the paths from CONSTANTS. `places` says of each at which line and
    column it first stands.
    """

    def __init__(self, bound: BoundTemplate, places: Mapping[str, tuple[int, int]]) -> None:
        self._bound = bound
        self.places = places
        self.constants = frozenset(path for path in places if path.partition(".")[0] in CONSTANTS)
        self.variables = frozenset(places) - self.constants

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text for one person; what is absent renders empty. `variables` is nested, or keyed by dotted paths.

        Raises TemplateFault for a limit passed or an argument that a filter cannot take.
        """
        try:
            return self._bound.render(nested(variables))
        except OutputStreamLimitError as fault:
            raise TemplateFault(f"the text is longer than {MAX_TEXT} bytes") from fault
        except LiquidError as fault:
            raise _fault(fault) from fault
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as fault:
            raise TemplateFault(f"the template cannot be rendered: {fault}") from fault


def parse(text: str, *, html: bool = False, layout: bool = False) -> Template:
    """Parses Liquid; with `html` every value is escaped; a `layout` has names more. Raises TemplateFault at the first
    thing that is wrong."""
    if len(text) > MAX_TEXT:
        raise TemplateFault(f"the text is longer than {MAX_TEXT} characters; hint: shorten it", 1, 1)
    refuse_unclosed(text)
    environment = _HTML if html else _PLAIN
    try:
        bound = environment.from_string(text)
        analysis = bound.analyze(include_partials=False)
    except LiquidError as fault:
        found_at = _fault(fault)
        raise found_at if found_at.line else TemplateFault(found_at.message, *_place(text, len(text))) from fault
    for name, spans in analysis.filters.items():
        if name not in environment.filters:
            hint = did_you_mean(name, environment.filters, "leave it out, or take one of Liquid's")
            raise TemplateFault(f"unknown filter '{name}'; hint: {hint}", *_place(text, spans[0].index))
    found = [variable for several in analysis.globals.values() for variable in several]
    places: dict[str, tuple[int, int]] = {}
    for span in analysis.filters.get("asset_url", ())[:1]:
        places[ASSETS] = _place(text, span.index)
    for variable in sorted(found, key=lambda one: one.span.index):
        places.setdefault(_path(text, variable, layout=layout), _place(text, variable.span.index))
    return Template(bound, places)


def refuse_unclosed(text: str) -> None:
    """Raises TemplateFault for many openings that nothing closes: each makes a lexer read on to the end, so that
    thousands would take it minutes."""
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        last = text.rfind(closing) + 1
        if text.count(opening, last) > _UNCLOSED:
            hint = f"close each `{opening}` with `{closing}`"
            what = f"more than {_UNCLOSED} `{opening}` that nothing closes; hint: {hint}"
            raise TemplateFault(what, *_place(text, text.find(opening, last)))


def nested(variables: Mapping[str, Any]) -> dict[str, Any]:
    """`{"customer.name": 1}` as `{"customer": {"name": 1}}`; a key without a dot stays as it is."""
    result: dict[str, Any] = {}
    for key, value in variables.items():
        *parents, last = key.split(".")
        at = result
        for parent in parents:
            below = at.get(parent)
            at[parent] = at = dict(below) if isinstance(below, Mapping) else {}
        at[last] = value
    return result


def _path(text: str, variable: Variable, *, layout: bool) -> str:
    """The part of a path that names one value: up to an index, a computed key, or `size`, `first`, `last` of a list."""
    root, *rest = variable.segments
    if root in LINKS and not rest:
        return str(root)
    if root not in ROOTS and root not in CONSTANTS and not (root in IN_LAYOUTS and layout):
        what, hint = f"unknown name '{root}'", f"a template reads {', '.join((*ROOTS, 'facts', 'brand'))}"
        if root in LINKS:
            what, hint = f"`{root}` is a text, and has no parts", f"write `{{{{ {root} }}}}`"
        elif isinstance(root, str) and root.startswith(("unsub", "pref")):
            hint = f"links are {' and '.join(sorted(LINKS))}"
        message = f"{what}; hint: {hint}"
        raise TemplateFault(message, *_place(text, variable.span.index))
    return ".".join([str(root), *_names(rest)])


def _names(segments: Iterable[Any]) -> list[str]:
    names: list[str] = []
    for segment in segments:
        if not isinstance(segment, str) or "." in segment or (names and segment in _LIST_WORDS):
            break
        names.append(segment)
    return names


def _fault(fault: LiquidError) -> TemplateFault:
    token = fault.token
    if token is None or token.start_index < 0:
        return TemplateFault(str(fault.message or fault))
    return TemplateFault(str(fault.message), *_place(token.source, token.start_index))


def _place(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
