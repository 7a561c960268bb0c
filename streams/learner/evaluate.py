"""A log of choices with what became of them, read off the topics to their end; and the same from traces at hand."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from streams.broker.reader import read_all
from streams.definitions.shelf_reader import read_shelf
from streams.learner.learning import Learning
from streams.learner.logged import Choice, Choices
from streams.learner.outcomes import Rule
from streams.learner.process import inputs
from streams.learner.rules import catalogs_on_shelf, rule_of
from streams.settings import Settings
from streams.touchpoints.record import Record

OPEN = "no outcome yet, or not sent"


class Log(NamedTuple):
    """Choices whose outcome is known, with whether it is a win; `left_out` counts the others by why."""

    choices: list[tuple[Choice, bool]]
    left_out: Counter[str]


class LogReader:
    """Folds records of `decisions` and of touchpoints, in any order, into a log."""

    def __init__(self, catalog: str, rules: Callable[[str], Rule]) -> None:
        self._choices = Choices(catalog)
        self._learning = Learning(rules)

    def take_decisions(self, rows: Iterable[Record]) -> None:
        """Takes records of `decisions`."""
        for row in rows:
            found = self._learning.take_decision(row)
            if found is not None:
                self._choices.take(found)

    def take_touchpoints(self, rows: Iterable[Record]) -> None:
        """Takes records of a touchpoint topic."""
        for row in rows:
            self._learning.take_touchpoint(row)

    def log(self, now: int) -> Log:
        """What is known at `now` (ms), or at the greatest instant that a record told, whichever is later."""
        found = self._choices.found
        settled = self._learning.outcomes.settle(max(now, self._learning.latest()))
        known = [(found[each.shown.action], each.won) for each in settled if each.shown.action in found]
        left_out = self._choices.left_out + Counter({OPEN: len(found) - len(known)})
        return Log(known, left_out)


async def read_log(settings: Settings, catalog: str, now: int) -> Log:
    """The log of a catalog, of all for an empty name, as of `now` (ms). Raises KafkaError, TopicsError, DamagedLog."""
    catalogs = catalogs_on_shelf(await read_shelf(settings))
    reader = LogReader(catalog, rule_of(settings, lambda: catalogs))
    decisions = settings.topic("decisions")
    for topic, partition in await inputs(settings, 0):
        take = reader.take_decisions if topic == decisions else reader.take_touchpoints
        async for rows in read_all(settings.brokers, topic, partition):
            take(rows)
    return reader.log(now)
