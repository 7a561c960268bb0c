"""The page of the town: what stands where, at any size of the terminal."""

import time
from collections.abc import Callable
from typing import NamedTuple

from rich.segment import Segment

from local.demo.view import Facts
from local.town.scene import Scene
from local.town.view import panels
from local.town.view.map import draw_map, legend
from local.town.view.meter import CARDS, Meter
from local.town.view.rows import BOLD, DIM, Drawn, Row, beside, cell, filled, plain, titled, wrapped

TICKS_PER_SECOND = 4
_GAP = 2
_SIDE_LEAST, _SIDE_MOST = 33, 74
_COLUMNS_FOR_SIDE = 68
_CARD_COLUMNS = 34
_CARDS_LEAST = 4
_CARD_ROWS = 6
_COLUMNS_A_ROW = 2.9
"""Of the map, whose cells are twice as high as wide, and which is half as wide again as high."""
_RATES = 11
_LATENCIES = 3
_TASKS_LEAST = 3
_OFFERS, _OFFERS_TALL = 4, 7
"""Lines of the box of offers: its title and one of each fact, or more where there is room."""
_TALL = 46


class Plan(NamedTuple):
    """How many cells each part gets; 0 where there is no room for it."""

    left: int
    side: int
    body: int
    map: int
    notes: int


def planned(width: int, height: int) -> Plan:
    """The map as large as it fits, messages below, everything else at its side, notes at the foot."""
    side = min(_SIDE_MOST, max(_SIDE_LEAST, round(width * 0.36))) if width >= _COLUMNS_FOR_SIDE else 0
    left = width - side - _GAP if side else width
    notes = 0 if height < 12 else 1 if height < 32 else 2 if height < 50 else 3
    body = max(0, height - 1 - notes)
    wanted = round(left / _COLUMNS_A_ROW) + 1
    below = body - wanted
    if below < _CARDS_LEAST and body >= 3 * _CARDS_LEAST:
        below = _CARDS_LEAST
    return Plan(left, side, body, body - max(0, below), notes)


class Page:
    """A page that remembers from one drawing to the next; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._meter = Meter(clock)

    def look(self, scene: Scene) -> None:
        """Notices a moment without drawing it."""
        self._meter.sample(scene)

    def page(self, scene: Scene) -> Drawn:
        """The town at this moment, as large as the terminal."""
        self.look(scene)
        return Drawn(lambda width, height: self._living(scene, width, height))

    def last(self, scene: Scene, facts: Facts) -> Drawn:
        """The town as it was at its end, the latest messages and the facts."""
        self.look(scene)
        told = list(facts)
        return Drawn(lambda width, height: self._ended(scene, told, width, height))

    def _living(self, scene: Scene, width: int, height: int) -> list[Row]:
        plan = planned(width, height)
        rows = [panels.header(scene, self._meter, width)]
        left = filled(self._left(scene, plan), plan.left, plan.body)
        if plan.side:
            side = self._side(scene, plan) if scene.now else self._starting(scene, plan)
            rows += beside([left, filled(side, plan.side, plan.body)], _GAP)
        else:
            rows += left
        rows += filled(panels.notes(scene, self._meter, width, plan.notes), width, plan.notes)
        return filled(rows, width, height)

    def _left(self, scene: Scene, plan: Plan) -> list[Row]:
        tick = int(self._meter.clock() * TICKS_PER_SECOND)
        rows = draw_map(scene, plan.left, plan.map - 1, tick)
        rows.append(legend(scene, plan.left))
        below = plan.body - plan.map
        return rows + self._messages(scene, plan.left, below) if below > 1 else rows

    def _messages(self, scene: Scene, width: int, height: int) -> list[Row]:
        count = max(1, min(CARDS, width // _CARD_COLUMNS))
        each = (width - _GAP * (count - 1)) // count
        self._meter.room = count
        found = panels.cards(self._meter, each, height - 1, count)
        told = scene.tally.by_channel()
        tail = ", ".join(f"{count:,} by {plain(name)}" for name, count in sorted(told.items()))
        return [
            titled("messages", width, tail),
            *beside([filled(card, each, height - 1) for card in found], _GAP),
        ]

    def _side(self, scene: Scene, plan: Plan) -> list[Row]:
        tall = 2 if plan.body >= _TALL else 1
        space: list[Row] = [[]] if plan.body >= 30 else []
        rows = panels.rates(scene, self._meter, plan.side, 1 + (_RATES - 1) * tall) + space
        offers = panels.offers(scene, plan.side, _OFFERS_TALL if space else _OFFERS)
        room = plan.body - len(rows) - len(offers) - _TASKS_LEAST
        rows += panels.journeys(scene, plan.side)[: max(2, room)] + space
        rows += offers + (space if offers else [])
        if plan.body - len(rows) >= _LATENCIES + 2 * _TASKS_LEAST:
            rows += panels.latencies(self._meter, plan.side, 1 + (_LATENCIES - 1) * tall) + space
        return rows + panels.tasks(scene, self._meter, plan.side, max(2, plan.body - len(rows)))

    def _starting(self, scene: Scene, plan: Plan) -> list[Row]:
        """While there is no town to be seen yet: what is being done for it."""
        progress = scene.progress
        rows: list[Row] = [titled("the town wakes", plan.side), [Segment(progress.phase, BOLD)]]
        if progress.published:
            rows.append([Segment(f"{progress.published:,} touchpoints of the past published", DIM)])
        for note in progress.notes:
            rows += [[], *([Segment(line)] for line in wrapped(plain(note), plan.side))]
        return rows

    def _ended(self, scene: Scene, facts: list[tuple[str, str]], width: int, height: int) -> list[Row]:
        told = _summary(facts, width)
        plan = planned(width, max(height - len(told), height // 2))
        high = plan.map - 1
        wide = min(plan.left, round(high * _COLUMNS_A_ROW)) if plan.side else width
        rows = [panels.header(scene, self._meter, width)]
        town = filled(draw_map(scene, wide, high, 0), wide, high)
        side = width - wide - _GAP
        if plan.side:
            count = 2 if high >= 2 * _CARD_ROWS else 1
            found = panels.cards(self._meter, side, high // count, count)
            letters = [row for card in found for row in [*card, []]]
            rows += beside([town, filled(letters, side, high)], _GAP)
        else:
            rows += town
        return rows + told


def _summary(facts: list[tuple[str, str]], width: int) -> list[Row]:
    names = min(20, width // 3)
    rows = [titled("summary", width)]
    for subject, fact in facts:
        lines = wrapped(plain(fact), max(1, width - names)) or [""]
        rows.append([cell(plain(subject), names, BOLD), Segment(lines[0])])
        rows += [[Segment(" " * names), Segment(line)] for line in lines[1:]]
    return [row for found in rows for row in filled([found], width, 1)]
