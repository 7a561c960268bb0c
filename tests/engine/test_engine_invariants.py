"""Whatever happens in whatever order, held or not: nothing twice, without consent, unbounded, and nothing raised."""

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.customer import SEEN_MS, Customer, consent_key
from engine.decision import Action, CallErasure, ConsentChange, Erasure, Void

HOUR_MS = 3_600_000
TOPICS = {"basket": "offers", "welcome": "news", "care": "offers", "odd": "offers"}

BASKET = {
    "journey": "basket",
    "topic": "offers",
    "ttl": "4d",
    "max_live": 2,
    "enter": {"on": "basket", "where": "event.value >= 3", "key": "event.key", "again": "1d after entry"},
    "exit": [{"on": "ordered", "where": "event.key == entry.key", "as": "converted"}],
    "goal": {"on": "ordered", "within": "3d", "revenue": "event.value"},
    "steps": [
        {"send": "hello", "void_after": "3h"},
        {"wait": "20h"},
        {"wait_for": "message.clicked", "within": "1d", "do": [{"exit": "clicked"}], "else": [{"send": "again"}]},
    ],
}
WELCOME = {
    "journey": "welcome",
    "topic": "news",
    "ttl": "2d",
    "enter": {"on": ["ordered", "basket"], "again": "always"},
    "exit": [{"on": "ordered"}],
    "steps": [{"send": "hello", "when_blocked": {"else": [{"wait": "1h"}, {"send": "again"}]}}, {"wait": "3h"}],
}
CARE = {
    "journey": "care",
    "topic": "offers",
    "ttl": "30d",
    "enter": {"on": "ordered", "key": "event.key", "again": "never"},
    "steps": [
        {"choose": [{"when": "entry.value > 5", "do": [{"wait": "1d", "id": "w"}]}, {"else": [{"wait": "2h"}]}]},
        {"set": {"customer.total": "entry.value + 1.0"}},
        {"send": "receipt"},
    ],
}
ODD = {
    "journey": "odd",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "basket", "key": "event.value / event.key", "unless": "event.key > event.value"},
    "steps": [{"set": {"customer.x": "1 / event.value"}}, {"send": "recall"}],
    "on_error": [{"wait_for": "ordered", "where": "event.value / event.key > 1", "within": "5h"}],
}

values = st.one_of(st.integers(0, 9), st.sampled_from([2.5, 7.0]), st.sampled_from(["b1", "", None, [], {"a": 1}]))
properties = st.fixed_dictionaries(
    {}, optional={"key": st.sampled_from(["b1", "b2", "b3", 0, 1, None]), "value": values}
)
consent = st.fixed_dictionaries(
    {"topic": st.sampled_from(["offers", "news"]), "channel": st.just("email"), "given": st.booleans()}
)
updates = st.fixed_dictionaries(
    {
        "set": st.dictionaries(
            st.sampled_from(["email", "first_name", "timezone"]), st.sampled_from(["a@b.c", "", "Asia/Kathmandu", 5])
        )
    }
)
offsets = st.sampled_from([0, 0, 0, 1, -1, -2 * HOUR_MS, -30 * HOUR_MS, 300_000])
names = st.one_of(st.none(), st.sampled_from(["e1", "e2", "e3"]))
happenings = st.one_of(
    st.tuples(st.just("event"), st.sampled_from(["basket", "ordered", "viewed"]), properties, offsets, names),
    st.tuples(st.just("event"), st.just("consent.changed"), consent, offsets, names),
    st.tuples(st.just("event"), st.just("customer.updated"), updates, offsets, names),
    st.tuples(
        st.just("receipt"), st.sampled_from(["message.sent", "message.clicked", "action.refused"]), st.integers(0, 5)
    ),
    st.tuples(st.just("lag"), st.sampled_from([0, 0, 1, 5 * HOUR_MS, 60 * HOUR_MS])),
    st.tuples(st.just("advance"), st.sampled_from(["30m", "3h", "1d", "9d"])),
    st.tuples(st.just("event"), st.just("customer.erased"), st.just({}), offsets, names),
)


def play(life: Any, happened: list[tuple[Any, ...]]) -> Any:
    person = life(BASKET, WELCOME, CARE, ODD, consent=False, trace_all=True)
    person.event("consent.changed", {"topic": "offers", "channel": "email", "given": True}, occurred_at=0)
    person.event("consent.changed", {"topic": "news", "channel": "email", "given": True}, occurred_at=0)
    for kind, *what in happened:
        before = person.customer
        count = len(person.decisions)
        if kind == "advance":
            person.advance(*what)
        elif kind == "lag":
            person.hold_until = person.at + what[0]
        elif kind == "event":
            type_, given_properties, offset, name = what
            named = {} if name is None else {"id": name}
            person.event(type_, given_properties, occurred_at=person.at + offset, **named)
        elif person.actions():
            person.receipt(what[0], person.actions()[-1 - what[1] % len(person.actions())])
        check_step(person, before, count)
    return person


def check_step(person: Any, before: Customer, count: int) -> None:
    customer = person.customer
    for decision in person.decisions[count:]:
        check_decision(decision)
    assert not before.erased_at or customer is before
    live = Counter(each.journey for each in customer.enrollments)
    assert live["basket"] <= 2
    assert all(number <= 20 for number in live.values())
    assert len({each.id for each in customer.enrollments}) == len(customer.enrollments)
    assert len(customer.queued) <= 64
    assert len(customer.goals) <= 64
    assert len(customer.seen) <= 64
    assert all(0 < each.due_at <= each.expires_at or each.due_at > person.at for each in customer.enrollments)
    assert all(each.expires_at > person.at for each in customer.enrollments)


def check_decision(decision: Any) -> None:
    """No marketing while it is held, nor where its consent does not stand after the decision: facts come first."""
    held = decision.trace is not None and decision.trace.input.get("hold_until", 0) > decision.trace.at
    for output in decision.outputs:
        if isinstance(output, Action):
            assert not decision.customer.erased_at
            if output.class_ == "marketing":
                answer = decision.customer.consent[consent_key(TOPICS[output.journey], output.channel)]
                assert answer.given
                assert not held
        elif isinstance(output, Erasure | CallErasure):
            assert decision.customer.erased_at
        else:
            assert isinstance(output, Void | ConsentChange)


def entered_again(person: Any) -> set[str]:
    """Enrollments that an id begins anew after it was forgotten: what they send has the old ids, and leaves once."""
    instants: dict[str, list[int]] = {}
    for trace in person.traces():
        for line in trace.lines:
            if line.what == "entered":
                instants.setdefault(line.enrollment, []).append(trace.at)
    for several in instants.values():
        assert all(later - earlier > SEEN_MS for earlier, later in pairwise(several))
    return {name for name, several in instants.items() if len(several) > 1}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(happenings, max_size=25))
def test_random_lives_keep_what_the_engine_promises(life, happened):
    person = play(life, happened)
    again = entered_again(person)
    actions = [action.id for action in person.actions() if action.enrollment not in again]
    assert len(set(actions)) == len(actions), "an action id left twice"
    voided = [void.action for void in person.outputs(Void)]
    assert set(voided) <= {action.id for action in person.actions()}
    voided = [action for action in voided if action in actions]
    assert len(set(voided)) == len(voided)
    entered = [line.enrollment for line in person.lines("entered")]
    exited = [line.enrollment for line in person.lines("exited")]
    still = [each.id for each in person.customer.enrollments]
    if not person.customer.erased_at:
        assert sorted(entered) == sorted(exited + still)
    reached = Counter(line.enrollment for line in person.lines("goal") if line.enrollment not in again)
    assert all(times == 1 for times in reached.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(happenings, max_size=20))
def test_the_same_life_again_gives_the_same_bytes(life, happened):
    encode = msgspec.msgpack.Encoder(order=None).encode
    first, second = play(life, happened), play(life, happened)
    assert [encode(each) for each in first.decisions] == [encode(each) for each in second.decisions]
