"""The catalog: compiled journeys by the event types that begin them, and the versions that people are still inside."""

from collections.abc import Callable, Mapping

from engine.compile import DefinitionError, compile_journey
from engine.program import CompiledJourney, EntryRule, MessageSpec

__all__ = ["Catalog", "CompiledJourney", "DefinitionError", "MessageSpec", "compile_journey"]


class Catalog:
    """What a release holds. `current` is open for entry; `find(name, version)` gives the others, None when unknown.

    A version never changes, so that a found one is kept. `entries` maps an event type to the journeys and rules that it
    may begin, in the order of the journeys' names, and holds no type that begins nothing.
    """

    def __init__(
        self,
        release: int,
        current: Mapping[str, CompiledJourney],
        find: Callable[[str, str], CompiledJourney | None],
    ) -> None:
        self.release = release
        self.current = dict(current)
        self.entries: dict[str, tuple[tuple[CompiledJourney, EntryRule], ...]] = {}
        self._versions = {(journey.name, journey.version): journey for journey in self.current.values()}
        self._find = find
        for name in sorted(self.current):
            journey = self.current[name]
            for type_, rules in journey.entries.items():
                self.entries[type_] = (*self.entries.get(type_, ()), *((journey, rule) for rule in rules))

    def version(self, name: str, version: str) -> CompiledJourney | None:
        """The journey in the version that an enrollment is in, None when nobody knows it."""
        found = self._versions.get((name, version))
        if found is None:
            found = self._find(name, version)
            if found is not None:
                self._versions[name, version] = found
        return found
