"""Any journey: drawn by Hypothesis from every node and trigger of the language, each node with an id of its own."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from journeys.ids import NAMED
from journeys.model import Journey

Nodes = list[dict[str, Any]]
WORDS = st.sampled_from(["a", "basket-reminder", "a-name-that-is-long-enough-to-be-wrapped", "x1"])
TYPES = st.sampled_from(["order.placed", "message.clicked", "a.b/c:d", "visit"])
TIMES = st.sampled_from(["0s", "20h", "7d", "1mo 2d"])
CONDITIONS = st.sampled_from(
    ["event.value >= 30", 'customer.tier == "<gold> & #1;"', "has(customer.push)", 'in_segment("staff") || true' * 3]
)
WINNERS = st.sampled_from([None, *({"method": each} for each in ("fixed", "z-test", "sequential", "thompson"))])
VALUES = st.dictionaries(st.sampled_from(["vars.x", "customer.points"]), st.sampled_from(["1", '"é"']), min_size=1)


def _with(verb: str, argument: st.SearchStrategy[Any], **options: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({verb: argument, **options})


LEAVES = st.one_of(
    _with("wait", TIMES),
    _with("wait_until", st.just("customer.renewal_on"), offset=st.just("-7d")),
    _with("wait_until", st.just({"weekday": ["monday", "friday"], "at": "09:00"})),
    _with("send", WORDS),
    _with("send", WORDS, channels=st.just(["push", "email"]), when_blocked=st.just("drop")),
    _with(
        "send",
        WORDS,
        channels=st.just(["push", "email", "sms"]),
        pick=st.sampled_from(["first", "best"]),
        fallback=st.sampled_from(
            [
                {"after": "2h", "unless": "message.opened"},
                {"after": "1d", "unless": ["message.delivered", "message.replied"]},
            ]
        ),
    ),
    _with("send", WORDS, void_after=TIMES, when_blocked=st.just({"defer": "30h"})),
    _with("send", WORDS, channel=st.just("conversation"), begin_on=st.just(["email", "sms"])),
    _with("best_offer", WORDS),
    _with("set", VALUES),
    _with("add", VALUES),
    _with("tag", WORDS),
    _with("untag", st.lists(WORDS, min_size=1, max_size=2)),
    _with("emit", TYPES),
    _with("start", WORDS),
    _with("exit", WORDS),
)


def _compound(nodes: st.SearchStrategy[Nodes]) -> st.SearchStrategy[Any]:
    some = nodes.filter(bool)
    awaited = st.one_of(
        st.fixed_dictionaries({"on": TYPES, "do": nodes}), st.fixed_dictionaries({"when": CONDITIONS, "do": nodes})
    )
    when = st.fixed_dictionaries({"when": CONDITIONS, "do": nodes})
    otherwise = st.fixed_dictionaries({"else": nodes})
    return st.one_of(
        _with("wait_for", TYPES, within=TIMES, where=CONDITIONS, do=nodes, **{"else": nodes}),
        _with("wait_for", st.lists(awaited, min_size=1, max_size=3), within=TIMES, do=nodes),
        _with(
            "choose", st.tuples(st.lists(when, min_size=1, max_size=3), otherwise).map(lambda two: [*two[0], two[1]])
        ),
        _with("split", WORDS, arms=_named(st.fixed_dictionaries({"weight": st.just(50), "do": nodes})), winner=WINNERS),
        _with("send", WORDS, when_blocked=otherwise),
        _with("best_offer", WORDS, pick=st.integers(1, 3), defer=TIMES, **{"as": st.just("gift"), "else": nodes}),
        _with("task", WORDS, queue=WORDS, due=TIMES, outcomes=_named(st.fixed_dictionaries({"do": nodes}))),
        _with("task", WORDS, queue=WORDS, due=st.just("customer.due_on"), warn=TIMES, **{"else": nodes}),
        _with("task", WORDS, queue=WORDS, due=TIMES, hand_over=WORDS, begin_on=st.just(["sms"]), **{"else": nodes}),
        _with("answer", WORDS, do=nodes, **{"else": nodes}),
        _with("call", WORDS, **{"else": nodes}),
        _with("repeat", st.just(3), do=some, until=CONDITIONS, **{"else": nodes}),
        _with("repeat", st.just(2), do=some),
        _with("parallel", WORDS, branches=_named(st.fixed_dictionaries({"do": some}))),
        _with("start", WORDS, join=st.just(True), within=TIMES, **{"else": nodes}),
        _with("digest", TYPES, **{"for": TIMES, "else": nodes}),
        _with("wait_until", st.just("customer.due_on"), past=st.just("skip"), **{"else": nodes}),
    )


def _named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(values, min_size=2, max_size=3).map(
        lambda found: {f"way-{n}": each for n, each in enumerate(found)}
    )


NODES = st.recursive(
    st.lists(LEAVES, max_size=3),
    lambda nodes: st.lists(st.one_of(LEAVES, _compound(nodes)), max_size=3),
    max_leaves=12,
)
TRIGGERS = st.one_of(
    _with("on", st.lists(TYPES, min_size=1, max_size=2), where=CONDITIONS),
    _with("enters_segment", WORDS),
    _with("leaves_segment", WORDS),
    _with("every", st.just("0 9 * * 1"), to_segment=WORDS),
    _with("date", st.just("customer.birthday"), offset=st.just("-3d")),
    _with("absent", TYPES, **{"for": TIMES}),
    _with("sequence", st.just(["a", "b"]), within=TIMES),
    _with("broadcast", TYPES, to_segment=WORDS),
    _with("called", st.just("yes")),
    _with("enters_place", WORDS, max_age=TIMES, max_accuracy=st.integers(1, 200), enter_margin=st.just(5)),
    _with("leaves_place", st.just("Paris/75007"), leave_margin=st.just(12.5)),
    _with("stays_in_place", WORDS, **{"for": TIMES}),
)
EXITS = st.fixed_dictionaries({"on": TYPES, "where": CONDITIONS, "as": WORDS})
PLAIN = st.fixed_dictionaries(
    {
        "journey": st.just("any"),
        "title": st.sampled_from(["", "Any <journey> & more"]),
        "topic": st.just("offers"),
        "ttl": st.just("30d"),
        "enter": st.lists(TRIGGERS, min_size=1, max_size=3),
        "exit": st.lists(EXITS, max_size=3),
        "goal": st.sampled_from([None, {"on": "order.placed", "within": "5d", "revenue": "event.total"}]),
        "holdout": st.sampled_from([None, "5%"]),
        "budget": st.sampled_from([None, {"messages": 9, "per": "day"}, {"cost": 0.5, "per": "ever"}]),
        "steps": NODES.filter(bool),
        "on_error": st.lists(LEAVES, max_size=2),
    }
)


def _identified(value: Any, numbers: "count[int]") -> Any:
    if isinstance(value, list):
        return [_identified(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _identified(item, numbers) for key, item in value.items()}
    return {**found, "id": f"n{next(numbers)}"} if any(verb in found for verb in NAMED) else found


def journey_of(plain: dict[str, Any]) -> Journey:
    """The journey of plain values, with ids filled in."""
    identified = {
        **plain,
        **{key: _identified(plain[key], count(start)) for key, start in (("steps", 1), ("on_error", 900))},
    }
    return Journey.model_validate(identified, by_alias=True, by_name=False)


JOURNEYS = PLAIN.map(journey_of)
