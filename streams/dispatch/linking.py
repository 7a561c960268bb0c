"""Before a message leaves: its short links lead somewhere, and an answer to it finds who it went to."""

from collections.abc import Sequence

from streams.dispatch.errand import Errand, Patience
from streams.links.links import Links
from streams.links.shelf import ShelfAway


async def shelved(links: Links, errands: Sequence[Errand], patience: Patience) -> list[Errand]:
    """Those that may leave now; others are put off, since Redis is away or a short code was taken. Critical ones go."""
    new = [errand for errand in errands if errand.verdict is None and not errand.linked]
    codes = {code: token for errand in new for code, token in errand.codes.items()}
    reached = [found for errand in new if (found := links.reached(errand.action))]
    if links.shelf is None or not (codes or reached):
        return list(errands)
    try:
        taken = await links.shelf.keep(codes, reached)
    except ShelfAway:
        late = [errand for errand in new if not errand.critical and (errand.codes or links.reached(errand.action))]
        for errand in late:
            errand.delays += 1
            errand.put_off(patience.after(errand.delays))
        return [errand for errand in errands if errand not in late]
    again = [errand for errand in new if taken & errand.codes.keys()]
    for errand in new:
        errand.linked = True
    for errand in again:
        errand.turn, errand.rendered, errand.linked = errand.turn + 1, None, False
        errand.put_off(0.0)
    return [errand for errand in errands if errand not in again]
