"""What a project redacts stands nowhere in a trace, under no name, and the trace still says what was decided."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from onelife import Life, journey_of

from engine.context import EMPTY, Asked
from engine.customer import Customer
from engine.decision import Line, Trace
from engine.why.redaction import REDACTED, redacted

PHONE, MAIL = "+33 6 12 34 56 78", "ada@shop.example"
NAMES = ("customer.email", "customer.pregnant", "event.phone", "event.note", "identifiers", "place")


def life() -> Life:
    found = Life(
        journey_of(
            enter={"on": "began", "where": "event.phone != '' && event.total > 10"},
            steps=[
                {"set": {"vars.reach": "entry.phone"}},
                {
                    "choose": [
                        {"when": "customer.pregnant && vars.reach == '0'", "do": [{"send": "hello"}]},
                        {"else": []},
                    ]
                },
            ],
        ),
        trace_all=True,
    )
    found.customer.attributes |= {"pregnant": True}
    return found


def hidden(played: Life, before: Customer) -> Trace:
    decision = played.decisions[-1]
    assert decision.trace is not None
    return redacted(decision.trace, before, decision.customer, NAMES)


def test_values_are_taken_out_wherever_they_stand() -> None:
    played = life()
    before = played.customer
    played.event("began", {"phone": PHONE, "total": 80, "note": 'two, words; "quoted"', "copy": f"call {PHONE} now"})
    whole = played.decisions[-1].trace
    found = hidden(played, before)
    assert whole is not None
    assert PHONE in msgspec.json.encode(whole).decode()
    written = msgspec.json.encode(found).decode()
    assert PHONE not in written
    assert "two, words" not in written
    assert found.redacted
    assert [(line.what, line.code) for line in found.lines] == [(line.what, line.code) for line in whole.lines]
    assert found.input["event"]["properties"]["total"] == 80
    assert found.input["event"]["properties"]["copy"] == f"call {REDACTED} now"
    chosen = next(line for line in found.lines if line.what == "chosen")
    assert f'vars.reach is "{REDACTED}"' in chosen.why or f"vars.reach is {REDACTED}" in chosen.why


def test_a_yes_is_hidden_where_its_name_stands() -> None:
    line = Line("chosen", why="customer.pregnant is true, wanted false; event.total is 80")
    found = redacted(Trace("t", "c", 1, 1, {"timer": 1}, [line]), Customer("c", "p", 0), Customer("c", "p", 0), NAMES)
    assert found.lines[0].why == f"customer.pregnant is {REDACTED}, wanted false; event.total is 80"


def test_what_an_update_sets_and_how_else_they_are_known_is_hidden() -> None:
    played = life()
    before = played.customer
    played.event(
        "customer.updated", {"set": {"email": "new@shop.example", "city": "Lyon"}}, identifiers={"loyalty": "L-4711"}
    )
    written = msgspec.json.encode(hidden(played, before)).decode()
    for gone in ("new@shop.example", MAIL, "L-4711"):
        assert gone not in written
    assert "Lyon" in written


def test_a_yes_is_hidden_in_what_an_update_sets() -> None:
    event = {"id": "e", "type": "customer.updated", "customer": "c", "properties": {"set": {"pregnant": True}}}
    of = Trace("t", "c", 1, 1, {"event": event, "at": 1})
    found = redacted(of, Customer("c", "p", 0), Customer("c", "p", 0), NAMES)
    assert found.input["event"]["properties"]["set"] == {"pregnant": REDACTED}


def test_what_a_value_was_before_is_hidden_as_well() -> None:
    before = Customer("c", "p", 0, attributes={"email": MAIL})
    of = Trace("t", "c", 1, 1, {"timer": 1}, [Line("chosen", why=f"vars.reach is {MAIL!r}")])
    assert MAIL not in redacted(of, before, Customer("c", "p", 0), NAMES).lines[0].why


def test_places_are_hidden_in_what_the_context_was_asked() -> None:
    asked = Asked(EMPTY, 1)
    asked.nearest(45.18913, 5.72441, "store", 300.0)
    event = {"id": "e", "type": "position.reported", "customer": "c", "place": [45.18913, 5.72441, 9.0]}
    of = Trace("t", "c", 1, 1, {"event": event, "at": 1}, [], asked.answers)
    written = msgspec.json.encode(redacted(of, Customer("c", "p", 0), Customer("c", "p", 0), ("place",))).decode()
    assert "45.18" not in written
    assert "store" in written


@given(st.text(min_size=2, max_size=60))
def test_no_text_of_a_property_is_left(secret: str) -> None:
    event = {"id": "e", "type": "t", "customer": "c", "properties": {"note": secret, "other": [f"<{secret}>", secret]}}
    lines = [Line("error", why=f"({secret})", data={"value": secret})]
    of = Trace("t", "c", 1, 1, {"event": event, "at": 1}, lines)
    found = redacted(of, Customer("c", "p", 0), Customer("c", "p", 0), ("event.note",))
    assert found.input["event"]["properties"]["note"] == REDACTED
    assert found.lines[0].data["value"] == REDACTED
    assert found.input["event"]["properties"]["other"][1] == REDACTED
