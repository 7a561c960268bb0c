"""The contests: what was learned of every split that looks for a winner, as the models that workers ask."""

from collections.abc import Iterable, Mapping

from engine.decision import Trace
from engine.models import SplitModel
from engine.program import CompiledJourney
from streams.learner.experiments import Experiments
from streams.learner.winner import Standing, standing

FRESHEN_MS = 86_400_000
"""A model that did not change is told again after this time, before workers take it for too old."""


class Contests:
    """Counts what traces tell of splits. `known` are the models told before, by split.

    A winner named before stays one, also where the traces that made it one are no longer kept.
    """

    def __init__(self, known: Mapping[str, SplitModel]) -> None:
        self.experiments = Experiments()
        self._models = dict(known)

    def take(self, found: Trace) -> None:
        """Counts what a trace tells; the same one again changes nothing."""
        self.experiments.take(found)

    def models(self, journeys: Iterable[CompiledJourney], at: int) -> dict[str, SplitModel]:
        """The models to be told at `at` (ms), by split: those that changed, and those that would grow too old."""
        found = {}
        for journey in journeys:
            for name, step in journey.contests.items():
                counted = {arm: tally.rate() for arm, tally in self.experiments.of(journey.name, name).arms.items()}
                before = self._models.get(name)
                kept = None if before is None else Standing(before.weights, before.winner, before.looked)
                now = standing(step, counted, kept)
                if before is None or now != kept or at - before.at >= FRESHEN_MS:
                    version = 1 if before is None else before.version + 1
                    found[name] = self._models[name] = SplitModel(version, at, now.weights, now.winner, now.looked)
        return found
