"""A town that lives in memory: its happenings go through the real engine, and what leaves comes back to it."""

from collections.abc import Iterable
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from cli.demo import town_folder
from cli.folder import read_files
from engine.context import Context
from engine.decision import Action, Task, TaskClosed, TaskWarning, Trace, Void
from journeys.load import Folder, load_project
from local.demo.progress import Progress
from local.mailbox import Mail
from local.push import Landed
from local.town.happening import Change, Delivery, Happening, Touch, Work
from local.town.market import CATALOG
from local.town.outcome import Tally
from local.town.rhythm import HOUR_MS, MINUTE_MS
from local.town.scene import Onlooker, Scene
from local.town.town import Town
from streams.context.records import put
from streams.driver import Driver, catalog_of
from streams.learner import records
from streams.learner.learning import Learning
from streams.learner.outcomes import Rule, milliseconds
from streams.touchpoints.record import Row
from streams.touchpoints.wire import Fix, Touchpoint, encode_touchpoint

SLICE_MS = 6 * MINUTE_MS
LATENCY_MS = 40


def shipped() -> Folder:
    """The journeys that ship."""
    return load_project(read_files([Path(str(files("journeys"))) / "definitions"])[1])


class Life:
    """A scene that lives; each message has `title` and `text`, or says in its title which it is.

    It lives by the journeys that ship, or by those of a `folder`.
    """

    def __init__(
        self,
        town: Town,
        onlookers: tuple[Onlooker, ...],
        title: str = "",
        text: str = "Hello.",
        folder: Folder | None = None,
    ) -> None:
        self.scene = Scene(town, Progress(customers=len(town.people)), Tally(), onlookers)
        self.title = title
        self.text = text
        self._driver = Driver(catalog_of(folder or shipped()), town.begins_at)

    @property
    def context(self) -> Context:
        return self._driver.context

    def until(self, to_at: int) -> None:
        """The past, then slice by slice, each of which is looked at."""
        town = self.scene.town
        self._happen(town.advance(town.morning_at))
        for now in range(town.morning_at + SLICE_MS, to_at + 1, SLICE_MS):
            self._happen(town.advance(now))
            self._driver.advance(now)
            self._leave()
            self.learn(now)
            self.scene.tally.now = now
            self.scene.look()

    def learn(self, now: int) -> None:
        """Nothing is learned here."""

    def _happen(self, happened: Iterable[Happening]) -> None:
        for each in happened:
            match each:
                case Change():
                    value = None if each.value is None else msgspec.json.encode(each.value)
                    put(self._driver.context, each.kind, each.id, value)
                    self.scene.changed(each)
                case Touch():
                    fix = None if each.place is None else msgspec.convert(each.place, Fix)
                    at = max(each.at, self._driver.now)
                    self._driver.event(each.type, each.customer, each.properties, at=at, id=each.id, place=fix)
                    self.touched(each)
        self._leave()

    def touched(self, touch: Touch) -> None:
        self.scene.touched(touch)

    def decided(self, value: bytes) -> None:
        self.scene.decided(value)

    def _leave(self) -> None:
        scene = self.scene
        for each in self._driver.read():
            match each:
                case Trace():
                    self.decided(msgspec.json.encode(each))
                case Action():
                    scene.progress.add(each, LATENCY_MS)
                    self._deliver(each)
                case Task():
                    scene.tally.board.take(msgspec.json.encode(each))
                    at = scene.town.now
                    scene.town.tasked(Work(at, each.id, each.customer, each.title, each.queue, each.due_at))
                case TaskWarning() | TaskClosed():
                    scene.tally.board.take(msgspec.json.encode(each))
                case Void():
                    scene.progress.voided.add(each.action)

    def _deliver(self, action: Action) -> None:
        person = self.scene.town.people[action.customer]
        title = self.title or f"About {action.message}"
        if action.channel == "push":
            self.scene.landed(Landed(person.push or "", title, self.text, {"action_id": action.id}, {}))
        else:
            letter = EmailMessage()
            letter["Subject"], letter["X-Sillage-Action"] = title, action.id
            letter.set_content(self.text)
            self.scene.mailed(Mail("shop@town.example", (person.email,), letter.as_bytes()))
        now = self.scene.town.now
        offer = action.offer.removeprefix(f"{CATALOG}/")
        self.scene.town.received(Delivery(now, action.id, action.customer, action.channel, action.message, offer))


class Learned(Life):
    """The town of the demo, with its own offers, and a learner that publishes each hour."""

    def __init__(self, town: Town, onlookers: tuple[Onlooker, ...] = ()) -> None:
        folder = town_folder()
        super().__init__(town, onlookers, folder=folder)
        outcome = folder.offers[CATALOG].model.outcome
        assert outcome is not None
        rule = Rule(frozenset({"message.clicked"}), milliseconds(outcome.within))
        self._learning = Learning(lambda _offer: rule)
        self._learned_at = 0

    def learn(self, now: int) -> None:
        if now - self._learned_at >= HOUR_MS:
            self._learned_at = now
            self._learning.settle(now)
            for key, value in [*self._learning.publish(now), self._learning.told(now)]:
                records.put(self.context.models, key, value)

    def touched(self, touch: Touch) -> None:
        super().touched(touch)
        self._told(touch.type, touch.customer, touch.id, touch.at, touch.properties)

    def _deliver(self, action: Action) -> None:
        super()._deliver(action)
        told = {"action_id": action.id, "message": action.message}
        self._told("message.sent", action.customer, f"sent-{action.id}", action.decided_at, told)

    def _told(self, type_: str, customer: str, id: str, at: int, properties: dict[str, Any]) -> None:
        out = encode_touchpoint(Touchpoint(type_, customer, id=id, occurred_at=at, properties=properties))
        self._learning.take_touchpoint(Row("p.touchpoints.web", 0, 0, at, out.key, out.value))

    def decided(self, value: bytes) -> None:
        super().decided(value)
        self._learning.take_decision(Row("p.decisions", 0, 0, self.scene.town.now, None, value))
