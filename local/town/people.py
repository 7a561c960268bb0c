"""The people of the town: who they are, what they agreed to, and how often they do what."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from local.town.geography import CROSSINGS, WALKABLE
from local.town.plane import Point
from local.town.rhythm import DAY_MS, HOUR_MS

NAMES = (
    "Ada", "Adèle", "Agathe", "Alban", "Alix", "Amélie", "Anouk", "Antoine", "Aurore", "Basile", "Blanche", "Camille",
    "Céleste", "Chloé", "Clément", "Colette", "Côme", "Cyrille", "Damien", "Diane", "Élise", "Éloi", "Emma", "Esther",
    "Étienne", "Fanny", "Félix", "Flora", "Gaspard", "Gilles", "Hélène", "Henri", "Hugo", "Inès", "Iris", "Jeanne",
    "Jonas", "Jules", "Julie", "Karim", "Léa", "Léon", "Lila", "Louise", "Lucie", "Malo", "Marius", "Mathilde",
    "Maud", "Mina", "Nadia", "Nina", "Noé", "Octave", "Odile", "Oscar", "Paul", "Rose", "Sacha", "Samir", "Solène",
    "Suzanne", "Théo", "Victor", "Yann", "Zoé",
)  # fmt: skip
_PLAIN = str.maketrans("àâäçèéêëîïôöùûü", "aaaceeeeiioouuu")
ORDERED_DAYS = 90
"""Old orders lie up to so many days before the first morning."""
_LEAST_OLD_DAYS = 12
_LAPSING_DAYS = (86.9, 89.95)
"""Who ordered so long ago hears that he is missed in the first days."""
_QUIET = 0.4
"""How much of the usual interest in the shop they keep."""
_ARRIVE_HOURS = (1.0, 60.0)


class Habits(NamedTuple):
    """How often a day, on the average, a person looks into the shop, walks, calls, writes and scans a letter."""

    browses: float
    walks: float
    calls: float
    writes: float
    scans: float
    prefers_app: float


class Basket(NamedTuple):
    """What lies in a person's basket; `value` in euros."""

    id: str
    value: float
    items: int


@dataclass
class Person:
    """One customer, and what changes about them while the town lives. `arrives_at`, `last_order_at`: ms, or None."""

    id: str
    first_name: str
    home: Point
    phone: str
    push: str | None
    habits: Habits
    consents: dict[tuple[str, str], bool]
    old_app: bool
    arrives_at: int | None
    last_order_at: int | None
    at: Point
    changes_mind_at: int | None
    walking: bool = False
    calling: bool = False
    basket: Basket | None = None
    received: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def email(self) -> str:
        """Where mail reaches them."""
        return f"{self.id}@town.example"

    @property
    def shares_place(self) -> bool:
        """Whether their phone tells where they are: by consent, or since an old version of the app never asks."""
        return self.push is not None and (self.old_app or self.consents.get(("location", "app"), False))

    def number(self, of: str) -> int:
        """Counts one more `of` something, from 1."""
        self.counts[of] += 1
        return self.counts[of]


def people(seed: int, count: int, morning_at: int) -> list[Person]:
    """`count` people, the same for the same seed, each by name; about one in ten comes only after `morning_at` (ms)."""
    dice = Random(f"{seed}/people")
    rounds: Counter[str] = Counter()
    found = []
    for _ in range(count):
        name = dice.choice(NAMES)
        rounds[name] += 1
        plain = name.lower().translate(_PLAIN)
        found.append(_person(dice, plain if rounds[name] == 1 else f"{plain}{rounds[name]}", name, morning_at))
    return found


def _person(dice: Random, id: str, name: str, morning_at: int) -> Person:
    home = _home(dice)
    has_app = dice.random() < 0.85
    new = dice.random() < 0.1
    last_order_at = None if new else _last_order(dice, morning_at)
    lapsing = last_order_at is not None and last_order_at < morning_at - _LAPSING_DAYS[0] * DAY_MS
    return Person(
        id=id,
        first_name=name,
        home=home,
        phone=f"+336{dice.randrange(10**8):08d}",
        push=f"token-{id}-{dice.randrange(16**8):08x}" if has_app else None,
        habits=_habits(dice, has_app, _QUIET if lapsing else 1.0),
        consents=_consents(dice, has_app),
        old_app=dice.random() < 0.05,
        arrives_at=morning_at + int(dice.uniform(*_ARRIVE_HOURS) * HOUR_MS) if new else None,
        last_order_at=last_order_at,
        at=home,
        changes_mind_at=morning_at + dice.randrange(4 * DAY_MS) if dice.random() < 0.15 else None,
    )


def _home(dice: Random) -> Point:
    near = CROSSINGS[dice.choice(WALKABLE)]
    return Point(near.x + dice.uniform(-40, 40), near.y + dice.uniform(-40, 40))


def _habits(dice: Random, has_app: bool, interest: float) -> Habits:
    return Habits(
        browses=interest * (dice.gammavariate(3.0, 0.5) + 0.1),
        walks=dice.gammavariate(4.0, 0.35) + 0.2,
        calls=dice.gammavariate(2.0, 0.2) + 0.02,
        writes=dice.gammavariate(2.0, 0.15) + 0.02,
        scans=dice.gammavariate(2.0, 0.05) + 0.01,
        prefers_app=dice.uniform(0.2, 0.9) if has_app else 0.0,
    )


def _consents(dice: Random, has_app: bool) -> dict[tuple[str, str], bool]:
    """What was answered when asked; who was never asked has no entry."""
    given = {("offers", "email"): dice.random() < 0.86}
    if has_app:
        given["offers", "push"] = dice.random() < 0.8
        given["location", "app"] = dice.random() < 0.78
    return given


def _last_order(dice: Random, morning_at: int) -> int | None:
    """An old order: of none, or long ago enough to be missed soon, or some weeks back."""
    kind = dice.random()
    if kind < 0.3:
        return None
    if kind < 0.55:
        return morning_at - int(dice.uniform(*_LAPSING_DAYS) * DAY_MS)
    return morning_at - int(dice.uniform(_LEAST_OLD_DAYS, _LAPSING_DAYS[0]) * DAY_MS)
