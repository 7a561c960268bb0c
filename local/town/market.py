"""What competes for people's attention: proposals and their fate, refusals, winners, and what choosing well brought."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from engine import trace
from engine.decision import Line, Trace
from local.town.lift import Lifts, Option, moment
from local.town.rhythm import DAY_MS
from local.town.taste import OFFERS

CATALOG = "town"
SENT, PUT_OFF, WAITING, REFUSED, LEFT, NOTHING = "sent", "put off", "waiting", "refused", "left", "nothing to offer"
FATES = (SENT, PUT_OFF, WAITING, REFUSED, LEFT, NOTHING)
"""What becomes of a proposal; one that is put off or waits is proposed anew later, and counts again then."""
_FATE_OF = {
    trace.SENT: SENT,
    trace.DEFERRED: PUT_OFF,
    trace.HELD: WAITING,
    trace.GATHERED: WAITING,
    trace.REFUSED: REFUSED,
    trace.DROPPED: LEFT,
    trace.OFFERED: NOTHING,
}
CHOSEN = "made"
_BEHIND = frozenset({"behind", "other_channel", "outscored", "cap"})
"""Why something else was not sent that might have been: what was sent took the place, and maybe the last of a cap."""
_CHANNELS = ("push", "email")
_Place = tuple[str, str]
"""An enrollment and the node where it stands."""


class Truth(Protocol):
    """What a town knows of its people that the engine does not."""

    def chance(self, customer: str, message: str, channel: str, at: int, offer: str = "") -> float:
        """How likely a message is clicked."""

    def reaches(self, customer: str, channel: str) -> bool:
        """Whether an offer may go to them by a channel."""


class Market:
    """Takes each trace once, in the order in which they come.

    `fates` sum up to all proposals, `refusals` count by code what rules said of messages and of single offers. `won`
    and `taken` count what was sent before others, and what of it was clicked, by offer, or by message where it is none.
    `lifts` are of all moments with a choice, `days` of those of each day from `morning_at` (ms) on.
    """

    def __init__(self, truth: Truth, morning_at: int) -> None:
        self._truth = truth
        self._morning_at = morning_at
        self.fates: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.won: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.lifts = Lifts()
        self.days: dict[int, Lifts] = defaultdict(Lifts)
        self._came: dict[str, int] = {}
        self._number = 0
        self._offer_of: dict[str, str] = {}

    @property
    def proposed(self) -> int:
        """All that was proposed."""
        return self.fates.total()

    def take(self, found: Trace) -> None:
        """Takes one trace."""
        fates: dict[_Place, str] = {}
        competing = {(line.enrollment, line.node) for line in found.lines if line.what == trace.SCORED}
        for line in found.lines:
            place = (line.enrollment, line.node)
            fate = _FATE_OF.get(line.what)
            if fate is not None:
                fates[place] = min(fates.get(place, fate), fate, key=FATES.index)
            self._note(line, place in competing)
        self.fates.update(fates.values())
        chosen = moment(list(self._options(found)))
        if chosen is not None:
            self.lifts.add(found.customer, chosen)
            self.days[max(0, found.at - self._morning_at) // DAY_MS].add(found.customer, chosen)
        for line in found.lines:
            if line.what == trace.EXITED:
                self._came.pop(line.enrollment, None)

    def clicked(self, action: str) -> None:
        """A message was clicked; the same one again changes nothing."""
        offer = self._offer_of.pop(action, None)
        if offer is not None:
            self.taken[offer] += 1

    def _note(self, line: Line, competed: bool) -> None:
        if line.what == trace.ENTERED:
            self._number += 1
            self._came[line.enrollment] = self._number
        elif line.what == trace.REFUSED:
            self.refusals[line.code] += 1
        elif line.what == trace.SENT and (competed or "offer" in line.data):
            name = line.data.get("offer", "").rpartition("/")[2] or line.data["message"]
            self.won[name] += 1
            self._offer_of[line.data["action"]] = name

    def _options(self, found: Trace) -> Iterator[Option]:
        """All that policy would have let through at this moment, where something was sent."""
        sent = {(line.enrollment, line.node) for line in found.lines if line.what == trace.SENT}
        if not sent:
            return
        said = {(line.enrollment, line.node): line.code for line in found.lines if line.what == trace.REFUSED}
        for line in found.lines:
            came = self._came.get(line.enrollment, 0)
            if line.what == trace.SCORED:
                place = (line.enrollment, line.node)
                code = CHOSEN if place in sent else said.get(place, "")
                yield from self._option(found, line.data, code, (came,))
            elif line.what == trace.OFFERED and line.data.get("catalog") == CATALOG:
                for each in line.data["candidates"]:
                    if each["offer"] in OFFERS and each.get("channel") in _CHANNELS:
                        order = (came, OFFERS.index(each["offer"]), _CHANNELS.index(each["channel"]))
                        yield from self._option(found, each, each["code"], order)

    def _option(self, found: Trace, told: dict[str, Any], code: str, place: tuple[int, ...]) -> Iterator[Option]:
        customer, channel = found.customer, told["channel"]
        if code == CHOSEN or (code in _BEHIND and self._truth.reaches(customer, channel)):
            offer = told.get("offer", "")
            chance = self._truth.chance(customer, told.get("message", ""), channel, found.at, offer)
            yield Option(chance * told["value"], place, code == CHOSEN)
