"""No order of receipts, times and exits makes two messages of one send, unless the first failed or had no answer."""

from typing import Any

from channeling import CHANNELS, channeling, message
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context
from engine.decision import Action, Decision, Void
from engine.models import OfferModel

HOUR_MS = 3_600_000
AFTER_MS = 2 * HOUR_MS
ANSWERS = ("message.opened", "message.clicked", "message.replied", "message.complained")
FAILED = ("message.failed", "message.bounced", "action.refused")

steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(["1m", "1h", "1h 59m", "2h", "5h", "13h"])),
    st.tuples(
        st.sampled_from(["message.sent", "message.delivered", "unresolved", *ANSWERS[:2], *FAILED]),
        st.integers(0, 3),
    ),
    st.tuples(st.just("message.sent"), st.just(0)),
    st.tuples(st.just("consent"), st.tuples(st.sampled_from(CHANNELS), st.booleans())),
    st.tuples(st.sampled_from(["began", "began", "bought", "visit"]), st.none()),
)
nodes = st.fixed_dictionaries(
    {"pick": st.sampled_from(["first", "best"]), "when_blocked": st.sampled_from(["drop", {"defer": "12h"}])},
    optional={"void_after": st.sampled_from(["3h", "20h"])},
)
projects = st.fixed_dictionaries(
    {},
    optional={
        "quiet_hours": st.sampled_from(["21:00-08:00", "12:00-14:00"]),
        "caps": st.sampled_from([[{"most": 2, "within": "1d"}], [{"most": 1, "within": "5h", "per": "channel"}]]),
        "arbitration": st.just({"window": "1m"}),
    },
)


class Watched:
    """A life, and what is known of each message that left the decision, kept apart from the engine."""

    def __init__(self, node: dict[str, Any], project: dict[str, Any]) -> None:
        self.caps = project.get("caps", [])
        chain = message(**node, fallback={"after": "2h", "unless": "message.opened"})
        parts = {"enter": {"on": "began", "again": "always"}, "exit": [{"on": "bought"}], "ttl": "3d"}
        self.life = channeling(chain, {"wait": "30m"}, project=project, **parts)
        self.life.context = Context()
        self.life.context.models.learning = True
        self.life.context.models.put_offer("message:every-way", OfferModel(1, self.life.at, {"/email": (9.0, 20.0)}))
        self.sent: list[Action] = []
        self.told: dict[str, set[str]] = {}
        self.voided: set[str] = set()
        self.read = 0

    def step(self, what: str, argument: Any) -> None:
        life = self.life
        if what == "wait":
            life.advance(argument)
        elif what == "consent":
            life.event("consent.changed", {"topic": "offers", "channel": argument[0], "given": argument[1]})
        elif argument is None:
            life.event(what, {"n": 1})
        elif argument < len(self.sent):
            self.receipt(what, self.sent[-1 - argument])
            return
        self.look()

    def receipt(self, what: str, about: Action) -> None:
        type_ = "message.failed" if what == "unresolved" else what
        # Timers due by now come before the receipt, which nobody knew of then.
        self.life.advance("0s")
        self.look()
        self.told.setdefault(about.id, set()).add(what)
        self.life.event(type_, {"action_id": about.id, **({"code": "unresolved"} if what == "unresolved" else {})})
        self.look(answered=about if what in ANSWERS else None)

    def look(self, answered: Action | None = None) -> None:
        """Reads the decisions since the last time."""
        for decision in self.life.decisions[self.read :]:
            self.outputs(decision)
        self.read = len(self.life.decisions)
        if answered is not None:
            behind = self.sent[self.sent.index(answered) + 1 :]
            queued = [each.id for each in behind if _same(each, answered) and not self.told.get(each.id)]
            assert set(queued) <= self.voided

    def outputs(self, decision: Decision) -> None:
        for each in decision.outputs:
            if isinstance(each, Void):
                self.voided.add(each.action)
            elif isinstance(each, Action):
                self.one(each)

    def one(self, new: Action) -> None:
        for before in self.sent:
            if _same(before, new):
                told = self.told.get(before.id, set())
                failed = bool(told & {*FAILED})
                assert before.channel != new.channel
                assert not told & {*ANSWERS} or failed
                assert failed or new.decided_at - before.decided_at >= AFTER_MS
                assert told or before.id in self.voided
        self.sent.append(new)
        for cap in self.caps:
            self.cap(cap, new)

    def cap(self, cap: dict[str, Any], new: Action) -> None:
        span = {"1d": 24, "5h": 5}[cap["within"]] * HOUR_MS
        given_back = {name for name, told in self.told.items() if _given_back(told)}
        held = [
            each
            for each in self.sent
            if each.decided_at > new.decided_at - span
            and each.id not in given_back
            and ("per" not in cap or each.channel == new.channel)
        ]
        assert len(held) <= cap["most"]


def _same(one: Action, other: Action) -> bool:
    return one.enrollment == other.enrollment


def _given_back(told: set[str]) -> bool:
    return bool(told & {"message.failed", "action.refused"})


@settings(max_examples=150, deadline=None)
@given(nodes, projects, st.lists(steps, max_size=25))
def test_nobody_is_told_twice_of_what_they_answered(
    node: dict[str, Any], project: dict[str, Any], history: list[tuple[str, Any]]
) -> None:
    watched = Watched(node, project)
    watched.step("began", None)
    for what, argument in history:
        watched.step(what, argument)
