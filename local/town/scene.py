"""What there is to see of the town: who is where, what rains, what people read, and who looks on."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from local.demo.progress import Progress
from local.mailbox import Mail
from local.push import Landed
from local.town.happening import Change, Touch
from local.town.market import Market
from local.town.outcome import Tally
from local.town.plane import Point, point_at
from local.town.town import Town

CLICKED = "message.clicked"
LATEST = 50
"""So many messages are kept for those who look on."""


class Received(NamedTuple):
    """A message as its recipient reads it: `at` is the instant of the town (ms), `point` where the recipient was."""

    at: int
    action: str
    customer: str
    channel: str
    title: str
    text: str
    point: Point


class Rain(NamedTuple):
    """A cloud as it was last told; one that is only gathering does not rain yet."""

    id: str
    point: Point
    radius_m: float
    raining: bool


class Onlooker(Protocol):
    """Someone who is told of everything at once, in the order in which it comes to be known."""

    def touched(self, touch: Touch) -> None:
        """A touchpoint was published."""

    def decided(self, value: bytes) -> None:
        """A record of `decisions`, maybe one that came before."""

    def received(self, message: Received) -> None:
        """A message reached its recipient. Comes from the thread of the server that took it."""

    def looked(self, scene: "Scene") -> None:
        """A moment of the town that lives, ten a second."""


class Scene:
    """The town as it can be seen at this moment: `progress`, `tally` and `market` count, `latest` holds the last."""

    def __init__(self, town: Town, progress: Progress, tally: Tally, onlookers: tuple[Onlooker, ...] = ()) -> None:
        self.town = town
        self.progress = progress
        self.tally = tally
        self.market = Market(town, town.morning_at)
        self.latest: deque[Received] = deque(maxlen=LATEST)
        self._clouds: dict[str, dict[str, Any]] = {}
        self._onlookers = onlookers
        self._phones = {person.push: person.id for person in town.people.values() if person.push}

    @property
    def now(self) -> int:
        """The instant of the town in ms; 0 before its first morning."""
        return self.tally.now

    @property
    def notes(self) -> list[str]:
        """What people should know, in the order in which it came."""
        return self.progress.notes

    def signature(self) -> tuple[object, ...]:
        """Changes whenever anything moves."""
        return (self.now, *self.progress.signature())

    @property
    def clouds(self) -> list[Rain]:
        """All clouds over the town, raining or not."""
        return [
            Rain(name, point_at(told["lat"], told["lon"]), told["radius_m"], told["raining"])
            for name, told in self._clouds.items()
        ]

    def outside(self) -> Iterator[tuple[str, Point]]:
        """Who walks at this moment, and where."""
        return ((person.id, person.at) for person in self.town.people.values() if person.walking)

    def touched(self, touch: Touch) -> None:
        """A touchpoint was published."""
        self.tally.touchpoints[touch.channel] += 1
        self.progress.published += 1
        if touch.type == CLICKED:
            self.market.clicked(touch.properties["action_id"])
        for each in self._onlookers:
            each.touched(touch)

    def changed(self, change: Change) -> None:
        """A thing of context was published."""
        if change.kind == "weather":
            if change.value is None:
                self._clouds.pop(change.id, None)
            else:
                self._clouds[change.id] = change.value

    def decided(self, value: bytes) -> None:
        """Takes one record of `decisions`."""
        before = self.tally.release
        found = self.tally.decided(value)
        if found is not None:
            self.market.take(found)
        if before and self.tally.release > before:
            self.notes.append(f"release {self.tally.release} of the journeys decides now")
        for each in self._onlookers:
            each.decided(value)

    def mailed(self, mail: Mail) -> None:
        """An e-mail reached its mailbox; called in the thread of the mailbox."""
        self.progress.receive(mail)
        message = mail.message
        body = message.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        self._received(
            str(message["X-Sillage-Action"]),
            mail.recipients[0].partition("@")[0],
            "email",
            str(message["Subject"]),
            text,
        )

    def landed(self, push: Landed) -> None:
        """A push reached its phone; called in the thread of the push service."""
        self.tally.pushes += 1
        action = push.data.get("action_id", "")
        self._received(action, self._phones.get(push.token, ""), "push", push.title, push.body)

    def look(self) -> None:
        """Shows everyone this moment."""
        for each in self._onlookers:
            each.looked(self)

    def _received(self, action: str, customer: str, channel: str, title: str, text: str) -> None:
        person = self.town.people.get(customer)
        if person is None:
            return
        message = Received(self.now, action, customer, channel, title, text.strip(), person.at)
        self.latest.append(message)
        for each in self._onlookers:
            each.received(message)
