"""The town: people, rain and the call centre, moved on by hand and answering what they are given."""

from collections.abc import Callable, Iterable, Iterator
from random import Random

from local.town.agents import Agents
from local.town.consenting import change_mind, introduce
from local.town.contacting import call, scan, write
from local.town.geography import STORES, place_record
from local.town.happening import Change, Delivery, Happening, Work
from local.town.people import ORDERED_DAYS, Person, people
from local.town.rain import BETWEEN_CLOUDS_MS, cloud, told
from local.town.reading import APPEALS, USUAL, answer, read
from local.town.rhythm import DAY_MS, HOUR_MS, OFFICE, ONLINE, OUTSIDE, Rhythm, next_at
from local.town.shopping import browse, look_at_offers, order_anew
from local.town.sky import Sky
from local.town.stage import Coming, Later, Stage
from local.town.taste import CLUB, Tastes
from local.town.walking import walk

MORNING_AT = 1_772_521_200_000
"""Tuesday 3 March 2026, 8 o'clock in Paris, in ms."""
AWAKE_MS = 26 * HOUR_MS
"""People use the shop from so long before the first morning on, so that baskets lie there when the day breaks."""
LOOKS_A_DAY = 3.0
"""How often somebody looks at the page of offers, on the average: oftener than the caps of the town allow messages."""
INTRODUCED_MS = (ORDERED_DAYS + 1) * DAY_MS

Habit = Callable[[Person, int, Random], Iterable[Coming]]


class TownError(Exception):
    """The town was asked for something that it does not have, or to go back in time."""


class Town:
    """`customers` people about one morning (ms); the same seed and the same feedback make the same happenings.

    Time is only ever moved by `advance`. The past comes first: accounts and old orders since `begins_at`, and the shop
    of the day before. From `morning_at` on people also walk, call and look at offers, and it rains. Their `tastes`, of
    the seed unless others are given, show in nothing but how they answer offers.
    """

    def __init__(self, seed: int, customers: int, morning_at: int = MORNING_AT, tastes: Tastes | None = None) -> None:
        if customers < 1:
            raise TownError(f"a town of {customers} customers; it needs at least 1")
        self.morning_at = morning_at
        self.begins_at = morning_at - INTRODUCED_MS
        self.now = self.begins_at - 1
        self.people = {person.id: person for person in people(seed, customers, morning_at)}
        self._tastes = tastes or Tastes(seed, morning_at)
        self._sky = Sky()
        self._seed = seed
        self._stage = Stage()
        self._agents = Agents(customers)
        self._given: set[str] = set()
        self._stage.add(Change(self.begins_at, "places", store.id, place_record(store)) for store in STORES)
        self._stage.add([Later(morning_at - 2 * HOUR_MS, self._cloud(0))])
        for person in self.people.values():
            self._stage.add(self._life(person))

    def advance(self, to_at: int) -> list[Happening]:
        """All that happens after the last advance, up to and with `to_at` (ms), in the order of time."""
        if to_at < self.now:
            raise TownError(f"the town is at {self.now}, asked for {to_at}; time does not go back")
        happened = self._stage.play(to_at)
        for each in happened:
            if isinstance(each, Change):
                self._sky.take(each)
        self.now = to_at
        return happened

    def received(self, delivery: Delivery) -> None:
        """A message reached a person, who reads it or not; the same action again changes nothing. Raises TownError."""
        person = self._person(delivery.customer)
        if self._first(delivery.action_id):
            dice = Random(f"{self._seed}/read/{delivery.action_id}")
            self._feed(delivery.at, lambda now: self._answer(person, now, delivery, dice))

    def tasked(self, work: Work) -> None:
        """A task came up for the agents; the same one again changes nothing. Raises TownError."""
        person = self._person(work.customer)
        if self._first(work.task_id):
            dice = Random(f"{self._seed}/task/{work.task_id}")
            self._feed(work.at, lambda now: self._agents.take(person, now, work, dice))

    def chance(self, customer: str, message: str, channel: str, at: int, offer: str = "") -> float:
        """How likely a message that reaches them at `at` (ms), no more than a day back, is clicked: the hidden truth.

        Raises TownError.
        """
        person = self._person(customer)
        found = self._tastes.chance(
            person, offer or _offered(message), channel, at, rains=self._sky.rains(person.home, at)
        )
        appeal = APPEALS.get(message, USUAL)
        return appeal.opens * appeal.clicks if found is None else found

    def reaches(self, customer: str, channel: str) -> bool:
        """Whether an offer may go to them by a channel, by what they have and agreed to. Raises TownError."""
        person = self._person(customer)
        return person.consents.get(("offers", channel), False) and (channel != "push" or person.push is not None)

    def closed(self, task_id: str) -> None:
        """A task needs nobody any more; who has begun, or forgot it, still reports."""
        self._agents.close(task_id)

    def _answer(self, person: Person, at: int, delivery: Delivery, dice: Random) -> Iterable[Coming]:
        if not delivery.offer and not _offered(delivery.message):
            return read(person, at, delivery, dice)
        chance = self.chance(person.id, delivery.message, delivery.channel, at, delivery.offer)
        return answer(person, at, delivery, chance, dice)

    def _first(self, id: str) -> bool:
        known = id in self._given
        self._given.add(id)
        return not known

    def _feed(self, at: int, act: Callable[[int], Iterable[Coming]]) -> None:
        """What came in the past is noticed at once: nothing happens before the instant the town is at."""
        self._stage.add([Later(max(at, self.now + 1), act)])

    def _person(self, id: str) -> Person:
        if id not in self.people:
            raise TownError(f"customer {id}: does not live in this town of {len(self.people)}")
        return self.people[id]

    def _life(self, person: Person) -> Iterator[Coming]:
        """Introduced long ago or on arrival; then every habit from its first time on."""
        dice = Random(f"{self._seed}/life/{person.id}")
        arrives = person.arrives_at
        known_at = arrives if arrives is not None else self.begins_at + dice.randrange(DAY_MS)
        yield Later(known_at, lambda now: introduce(person, now))
        ordered_at = person.last_order_at
        if ordered_at is not None:
            yield Later(ordered_at, lambda now: order_anew(person, now, "web", dice))
        if person.changes_mind_at is not None and person.changes_mind_at > known_at:
            yield Later(person.changes_mind_at, lambda now: change_mind(person, now, dice))
        habits = person.habits
        awake_at = arrives if arrives is not None else self.morning_at - AWAKE_MS
        yield self._habit(person, "browse", awake_at, browse, habits.browses, ONLINE)
        out_at = max(awake_at, self.morning_at)
        yield self._habit(person, "offers", out_at, look_at_offers, LOOKS_A_DAY, ONLINE)
        yield self._habit(person, "walk", out_at, walk, habits.walks, OUTSIDE)
        yield self._habit(person, "call", out_at, call, habits.calls, OFFICE)
        yield self._habit(person, "write", out_at, write, habits.writes, ONLINE)
        yield self._habit(person, "scan", out_at, scan, habits.scans, ONLINE)

    def _habit(self, person: Person, name: str, after: int, habit: Habit, per_day: float, rhythm: Rhythm) -> Later:
        """A habit has dice of its own, so that feedback to one changes no other."""
        dice = Random(f"{self._seed}/{name}/{person.id}")

        def again(now: int) -> Iterator[Coming]:
            yield from habit(person, now, dice)
            yield Later(next_at(dice, now, per_day, rhythm), again)

        return Later(next_at(dice, after, per_day, rhythm), again)

    def _cloud(self, number: int) -> Callable[[int], Iterator[Coming]]:
        def forms(now: int) -> Iterator[Coming]:
            yield from told(cloud(self._seed, number, now))
            dice = Random(f"{self._seed}/sky/{number}")
            yield Later(now + 1 + int(dice.expovariate(1 / BETWEEN_CLOUDS_MS)), self._cloud(number + 1))

        return forms


def _offered(message: str) -> str:
    """The offer that a message makes by itself, in no catalog."""
    return CLUB if message == "town-club" else ""
