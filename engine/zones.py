"""The time zone that a person lives in: said by the person, else by the phone number, else by the country."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.countries import MAIN_ZONES
from engine.time import zone_exists


def zone_of(attributes: Mapping[str, Any], default: str) -> str:
    """The attribute `timezone` where it names a zone, else the zone of `phone`, else of `country`, else `default`."""
    named = attributes.get("timezone")
    if isinstance(named, str) and zone_exists(named):
        return named
    phone, country = attributes.get("phone"), attributes.get("country")
    return _guessed(phone if isinstance(phone, str) else "", country if isinstance(country, str) else "") or default


@lru_cache(maxsize=65_536)
def _guessed(phone: str, country: str) -> str:
    country = country.strip().upper()
    return (_zone_of_phone(phone, country) if phone else "") or _existing(country)


def _zone_of_phone(phone: str, country: str) -> str:
    """The zone of a number, empty where it tells none; one without `+` is read as one of the country.

    A number may belong to many zones: then it is the main one of its country where that is among them, else the first
    by name, which is nearer than what the country alone tells.
    """
    # Imported where it is used: it costs some 20 ms, and most people say their zone.
    from phonenumbers import NumberParseException, parse, region_code_for_number
    from phonenumbers.timezone import time_zones_for_number

    try:
        number = parse(phone, country or None)
    except NumberParseException:
        return ""
    zones = [zone for zone in time_zones_for_number(number) if zone_exists(zone)]
    main = _existing(region_code_for_number(number) or "")
    return main if main in zones else min(zones, default="")


def _existing(country: str) -> str:
    zone = MAIN_ZONES.get(country, "")
    return zone if zone_exists(zone) else ""
