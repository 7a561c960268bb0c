"""What counts as taking an offer: as its catalog says, or else as the settings do."""

from collections.abc import Callable, Mapping

from engine.program import OfferCatalog
from engine.time import DAY_MS
from streams.definitions.build import Builder
from streams.definitions.shelf import Shelf, ShelfFault
from streams.learner.outcomes import Rule, milliseconds
from streams.settings import Settings


def rule_of(settings: Settings, catalogs: Callable[[], Mapping[str, OfferCatalog]]) -> Callable[[str], Rule]:
    """Gives the rule of an offer, by the catalogs in use when it is asked."""
    otherwise = Rule(within_ms=round(settings.learn_days * DAY_MS))

    def rule(offer: str) -> Rule:
        name, _, wanted = offer.partition("/")
        catalog = catalogs().get(name)
        if catalog is None:
            return otherwise
        written = next((each.outcome for each in catalog.offers if each.id == wanted), None)
        return otherwise if written is None else Rule(frozenset(written.by), milliseconds(written.within))

    return rule


def catalogs_on_shelf(shelf: Shelf) -> dict[str, OfferCatalog]:
    """The catalogs of offers in use, without those that this program cannot read."""
    release = shelf.release
    builder, found = Builder(shelf.blobs), {}
    for name, version in release.offers.items() if release is not None else ():
        try:
            found[name] = builder.offers(name, version)
        except ShelfFault:
            continue
    return found
