"""A life under deployed definitions whose story is told as `sillage why` tells it, without a broker."""

from typing import Any

from onelife import START_AT

from engine.catalog import Catalog
from engine.customer import next_due
from engine.decide import decide, new_customer
from engine.decision import Action, Trace
from engine.event import Event, EventArrived, Input, TimerFired
from engine.time import after
from engine.why.account import Account
from engine.why.page import lines
from engine.why.story import Heard
from journeys.duration import Duration
from journeys.load import load_project
from streams.definitions.build import Builder
from streams.definitions.pausing import plan_pause
from streams.definitions.plan import plan_deploy, plan_undeploy, read_terms
from streams.definitions.shelf import CURRENT, Shelf, blob_key, canonical, release_key
from streams.operations.why import Asked, Person, account

DAY_MS = 86_400_000
FILES = {
    "project.yaml": "zone: Europe/Paris\n",
    "messages/reminder/message.yaml": "title: Reminder\nsubject: Still there?\n",
    "messages/reminder/email.txt": "Your basket waits.\n",
    "messages/receipt/message.yaml": "title: Receipt\nclass: service\nsubject: Thanks\n",
    "messages/receipt/email.txt": "Thanks.\n",
    "journeys/basket.yaml": """\
journey: basket
title: Basket left behind
topic: offers
ttl: 14d
enter:
  on: basket.updated
  where: event.value >= 30
  key: event.basket_id
  again: 7d after entry
exit:
  - on: order.placed
    as: converted
steps:
  - wait: 20h
  - send: reminder
    channel: email
""",
}


class WhyLife:
    """One customer, `anna`: events come, time goes by, definitions change; the story can be read at any time."""

    def __init__(self, files: dict[str, str] | None = None, **attributes: Any) -> None:
        self.at = START_AT
        self.shelf = Shelf()
        self.customer = new_customer("anna", self.at)
        self.customer.attributes = {"email": "anna@shop.example", "timezone": "Europe/Paris", **attributes}
        self.events: list[Event] = []
        self.heard: list[Heard] = []
        self.actions: list[Action] = []
        self.trace_all = False
        self._count = 0
        self.files = {**FILES, **(files or {})}
        self.deploy(self.files)

    def deploy(self, files: dict[str, str]) -> None:
        """Puts a folder into use."""
        plan = plan_deploy(self.shelf, load_project(files), self.at, "", f"n{self.shelf.next_number}")
        for blob in plan.blobs:
            self.shelf.feed(blob_key(blob), blob)
        self._use(plan.release)

    def close(self, journey: str) -> None:
        """Nobody enters the journey any more."""
        self._use(plan_undeploy(self.shelf, journey, self.at, f"n{self.shelf.next_number}").release)

    def pause(self, journey: str) -> None:
        """The journey stands still."""
        self._use(plan_pause(self.shelf, journey, self.at, "", f"n{self.shelf.next_number}").release)

    def _use(self, release: Any) -> None:
        assert release is not None
        self.shelf.feed(release_key(release.n), canonical(release))
        self.shelf.feed(CURRENT, str(release.n).encode())
        builder = Builder(self.shelf.blobs)
        current = {name: builder.journey(name, each.version) for name, each in release.journeys.items() if each.open}
        segments = [builder.segment(name, version) for name, version in release.segments.items()]
        self.catalog = Catalog(
            release.n, current, builder.journey, segments, "Europe/Paris", self.shelf.since(release),
            terms=read_terms(self.shelf.blobs[release.project]),
            pauses={name: each.pause for name, each in release.journeys.items() if each.pause is not None},
        )  # fmt: skip

    def consent(self, given: bool = True, channel: str = "email") -> None:
        self.event("consent.changed", topic="offers", channel=channel, given=given)

    def event(self, type_: str, *, event_id: str = "", **properties: Any) -> None:
        """An event now, after the timers due by now; what was sent before it is told of by receipts."""
        self._fire()
        self._count += 1
        named = event_id or f"e{self._count}"
        event = Event(named, type_, "anna", "web", self.at, self.at, properties)
        self.events.append(event)
        self._take(EventArrived(event, self.at))

    def advance(self, duration: str) -> None:
        self.at = after(self.at, Duration.parse(duration), "Europe/Paris")
        self._fire()

    def receipt(self, type_: str = "message.sent", later_ms: int = 1_200, **properties: Any) -> None:
        """What became of the last action."""
        about = self.actions[-1]
        self.at = about.decided_at + later_ms
        self.event(type_, action_id=about.id, message=about.message, **properties)

    def _fire(self) -> None:
        while 0 < (due := next_due(self.customer)) <= self.at:
            self._take(TimerFired(due))

    def _take(self, given: Input) -> None:
        decision = decide(self.catalog, self.customer, given, trace_all=self.trace_all)
        self.customer = decision.customer
        self.actions += [each for each in decision.outputs if isinstance(each, Action)]
        if decision.trace is not None:
            self.heard.append(Heard(decision.trace, given.at + 40))

    @property
    def traces(self) -> list[Trace]:
        return [each.trace for each in self.heard]

    def account(self, journey: str = "", since_ms: int = 7 * DAY_MS) -> Account:
        """What `sillage why anna` finds now."""
        person = Person(self.customer, self.heard, self.events, 0)
        return account(self.shelf, person, Asked("anna", self.at - since_ms, self.at, journey))

    def told(self, journey: str = "") -> str:
        """What it prints."""
        return "\n".join(lines(self.account(journey)))
