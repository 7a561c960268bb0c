"""What the page knows of a run, as plain values: seconds since the first morning, whole metres, texts by number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from engine import trace
from engine.decision import Line, Trace
from engine.why.sentences import Telling, reason, tell
from local.town import offering
from local.town.geography import CROSSINGS, DISTRICTS, RIVER, RIVER_WIDTH_M, STORES, STREETS
from local.town.happening import CHANNELS, Touch
from local.town.market import FATES
from local.town.plane import HEIGHT_M, WIDTH_M, Point, point_at
from local.town.record.recorder import LIMITS, Recorder
from local.town.record.series import counted, instants, latency, width_ms
from local.town.rhythm import SECOND_MS, ZONE_NAME
from local.town.scene import Scene

BY_TIMER = -1
UNKNOWN_CAUSE = -2
"""What stands for the number of the touchpoint that caused a decision, where there is none on the page."""


def content(recorder: Recorder, scene: Scene) -> dict[str, Any]:
    """All that local/town/record/*.js read, ready for JSON."""
    return _Content(recorder, scene).told()


class _Content:
    def __init__(self, recorder: Recorder, scene: Scene) -> None:
        self._recorder = recorder
        self._scene = scene
        self._morning = scene.town.morning_at
        self._length_ms = max(0, scene.now - self._morning)
        self._numbers = {id: number for number, id in enumerate(scene.town.people)}
        self._texts: dict[str, int] = {"": 0}

    def told(self) -> dict[str, Any]:
        people = self._scene.town.people.values()
        touches, numbers = self._touches()
        told = {
            "about": self._about(),
            "map": _map(),
            "people": [[person.id, person.first_name, *_metres(person.home)] for person in people],
            "touches": touches,
            "decisions": self._decisions(numbers),
            "messages": self._messages(),
            "tasks": self._tasks(),
            "frames": self._frames(),
            "clouds": self._clouds(),
            "charts": self._charts(),
            "journeys": self._journeys(),
            "offers": self._offers(),
            "titles": dict(self._recorder.titles),
        }
        return {**told, "texts": list(self._texts)}

    def _about(self) -> dict[str, Any]:
        recorder, scene = self._recorder, self._scene
        return {
            "customers": len(scene.town.people),
            "seed": recorder.seed,
            "speed": recorder.speed,
            "began": recorder.began.isoformat(timespec="seconds"),
            "morning_ms": self._morning,
            "length_s": self._length_ms // SECOND_MS,
            "zone": ZONE_NAME,
            "touchpoints": sum(scene.tally.touchpoints.values()),
            "decisions": recorder.decisions,
            "messages": {"email": scene.progress.mails, "push": scene.tally.pushes},
            "tasks": len(scene.tally.board.items),
            "left_out": [[what, count, LIMITS[what]] for what, count in recorder.left_out.items() if count],
        }

    def _touches(self) -> tuple[list[list[Any]], dict[str, int]]:
        """Each person's, and the number that each has among them, by id."""
        found: list[list[Any]] = [[] for _ in self._numbers]
        numbers = {}
        for touch in self._recorder.touches:
            own = found[self._numbers[touch.customer]]
            numbers[touch.id] = len(own)
            own.append([self._s(touch.at), self._text(touch.type), self._text(touch.channel), _said(touch)])
        return found, numbers

    def _decisions(self, numbers: dict[str, int]) -> list[list[Any]]:
        found: list[list[Any]] = [[] for _ in self._numbers]
        for each in self._recorder.traces:
            if each.customer in self._numbers:
                telling = Telling(each.at, ZONE_NAME, self._recorder.titles)
                lines = [self._line(line, telling) for line in each.lines]
                told = [self._s(each.at), _cause(each, numbers), each.release, lines]
                found[self._numbers[each.customer]].append(told)
        return found

    def _line(self, line: Line, telling: Telling) -> list[int]:
        texts = (line.what, line.journey, line.enrollment, line.node, line.code, reason(line, telling))
        return [*map(self._text, (*texts, *tell(line, telling)))]

    def _messages(self) -> list[list[Any]]:
        """By the instant at which they were read, which is never before they were decided upon."""
        sent_at = {
            line.data.get("action"): each.at
            for each in self._recorder.traces
            for line in each.lines
            if line.what == trace.SENT
        }
        found = []
        for each in self._recorder.messages:
            at = max(each.at, sent_at.get(each.action, self._morning if not each.at else 0))
            who, channel = self._numbers[each.customer], self._text(each.channel)
            text = each.text.replace("\r\n", "\n")
            found.append([self._s(at), who, channel, each.title, text, *_metres(each.point), each.action])
        return sorted(found, key=lambda told: told[0])

    def _tasks(self) -> list[list[Any]]:
        """From when to when they were open (None: still are), when they were due, and what became of them."""
        found = []
        for item in self._scene.tally.board.items.values():
            task, closed = item.task, item.closed
            if task.customer in self._numbers:
                ended = None if closed is None else self._s(closed.decided_at)
                about = [self._text(each) for each in (item.state, task.title, task.queue)]
                who = self._numbers[task.customer]
                found.append([self._s(task.decided_at), ended, self._s(task.due_at), who, *about])
        return sorted(found, key=lambda told: told[0])

    def _frames(self) -> list[list[Any]]:
        return [
            [self._s(frame.at), [part for id, at in frame.walkers.items() for part in (self._numbers[id], *at)]]
            for frame in self._recorder.frames
        ]

    def _clouds(self) -> list[dict[str, Any]]:
        """For each cloud when it was seen last, and where it was: second, place, radius, whether it rained.

        Only changes are told: between two of them it drifts.
        """
        found: dict[str, dict[str, Any]] = {}
        for frame in self._recorder.frames:
            for rain in frame.clouds:
                seen = [*_metres(rain.point), round(rain.radius_m), int(rain.raining)]
                own = found.setdefault(rain.id, {"seen": []})
                own["until"] = self._s(frame.at)
                if not own["seen"] or own["seen"][-1][1:] != seen:
                    own["seen"].append([own["until"], *seen])
        return list(found.values())

    def _charts(self) -> dict[str, Any]:
        recorder, begins_at = self._recorder, self._morning
        width = width_ms(self._length_ms)
        bins = max(1, -(-self._length_ms // width))
        board = self._scene.tally.board.items.values()
        ended = instants((item.state, item.closed.decided_at) for item in board if item.closed is not None)
        touchpoints = counted(recorder.touchpoints, begins_at, width, bins)
        order = {name: number for number, name in enumerate(CHANNELS)}
        return {
            "width_s": width // SECOND_MS,
            "bins": bins,
            "touchpoints": _series(touchpoints, sorted(touchpoints, key=lambda name: (order.get(name, -1), name))),
            "actions": _series(counted(recorder.actions, begins_at, width, bins)),
            "tasks": _series(counted(ended, begins_at, width, bins)),
            "latency": latency(recorder.marks, self._scene.progress.latencies_ms, begins_at, width, bins),
        }

    def _journeys(self) -> list[dict[str, Any]]:
        """What became of each, by name."""
        tally, progress = self._scene.tally, self._scene.progress
        tasked: dict[str, int] = defaultdict(int)
        for item in tally.board.items.values():
            tasked[item.task.journey] += 1
        names = sorted({*self._recorder.titles, *tally.entered})
        return [
            {
                "name": name,
                "entered": tally.entered[name],
                "sent": progress.by_journey[name],
                "tasks": tasked[name],
                "converted": tally.converted[name],
                "outcomes": sorted(
                    ([code, count] for (journey, code), count in tally.outcomes.items() if journey == name),
                    key=lambda pair: -int(pair[1]),
                ),
            }
            for name in names
        ]

    def _offers(self) -> dict[str, Any]:
        """What competed: facts in words, fates and refusals by name, and of each offer what won and was taken."""
        market = self._scene.market
        return {
            "facts": [list(fact) for fact in offering.facts(market)] if market.proposed else [],
            "fates": [[fate, market.fates[fate]] for fate in FATES if market.fates[fate]],
            "refusals": market.refusals.most_common(),
            "won": [[name, count, market.taken[name]] for name, count in market.won.most_common()],
        }

    def _s(self, at: int) -> int:
        return (at - self._morning) // SECOND_MS

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))


def _cause(of: Trace, numbers: dict[str, int]) -> int:
    event = of.input.get("event")
    return BY_TIMER if event is None else numbers.get(event.get("id", ""), UNKNOWN_CAUSE)


def _said(touch: Touch) -> Any:
    """Its properties, the place where it has one (metres east and north, accuracy), or 0."""
    if touch.place is not None and not touch.properties:
        return [*_metres(point_at(touch.place["lat"], touch.place["lon"])), round(touch.place["accuracy_m"])]
    return touch.properties or 0


def _series(found: dict[str, list[int]], order: Iterable[str] = ()) -> list[list[Any]]:
    return [[name, found[name]] for name in (order or sorted(found))]


def _map() -> dict[str, Any]:
    numbers = {crossing: number for number, crossing in enumerate(CROSSINGS)}
    return {
        "size": [round(WIDTH_M), round(HEIGHT_M)],
        "river": [_metres(point) for point in RIVER],
        "river_width": round(RIVER_WIDTH_M),
        "crossings": [_metres(point) for point in CROSSINGS.values()],
        "streets": [[numbers[one], numbers[other]] for one, ways in STREETS.items() for other in ways if one < other],
        "districts": [[district.name, *_metres(district.point)] for district in DISTRICTS],
        "stores": [[store.id, store.name, *_metres(store.point)] for store in STORES],
    }


def _metres(point: Point) -> Sequence[int]:
    return [round(point.x), round(point.y)]
