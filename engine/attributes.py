"""Attributes: what is written to the person, each with the instant that it speaks of; the newest stands."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.customer import ATTRIBUTES, Customer


def newer(customer: Customer, names: Iterable[str], at: int) -> list[str]:
    """Those of `names` that a word of `at` (ms) may change: an older one never replaces a newer one, a tie does."""
    stamps = customer.attributes_at
    return [name for name in names if name not in stamps or stamps[name] <= at]


def write(owned: Customer, values: Mapping[str, Any], unset: Iterable[str], at: int) -> None:
    """Sets and unsets attributes of an owned customer at `at` (ms), whatever stood there.

    That one was unset is remembered too, so that an older word does not bring it back. Over the limit the one written
    longest ago falls out.
    """
    attributes = {**owned.attributes, **values}
    stamps = dict(owned.attributes_at)
    for name in (*values, *unset):
        stamps.pop(name, None)
        stamps[name] = at
    for name in unset:
        attributes.pop(name, None)
    while len(stamps) > ATTRIBUTES:
        oldest = next(iter(stamps))
        del stamps[oldest]
        attributes.pop(oldest, None)
    owned.attributes = attributes
    owned.attributes_at = stamps
