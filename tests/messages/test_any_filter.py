"""Every filter of a template over every kind of value: a text, or a fault with its reason, and nothing else."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.messages.liquid import Limited
from journeys.messages.template import TemplateFault, parse

FILTERS = sorted(Limited(autoescape=False).filters)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["", "now", "%s", "1e400", "-0", "{{", "<b>", "%", "\ud800", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["k", "size", ""]), inner, max_size=2),
    max_leaves=6,
)
ARGUMENTS = st.sampled_from(["", ": event.a", ": event.a, event.b", ": 'k'", ": 'k', event.a", ": 'k': event.a"])


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(FILTERS), ARGUMENTS, VALUES, VALUES, VALUES, st.booleans())
def test_whatever_it_is_given(name: str, arguments: str, value: Any, first: Any, second: Any, html: bool) -> None:
    try:
        template = parse(f"{{{{ event.x | {name}{arguments} }}}}", html=html)
        assert isinstance(template.render({"event": {"x": value, "a": first, "b": second}}), str)
    except TemplateFault as fault:
        assert fault.message
