"""The person as conditions see it: attributes, id, and the place where the last fix is fresh."""

from collections.abc import Mapping
from typing import Any

from engine.customer import EVERY_TOPIC, Consent, Customer, answer_for, consent_key
from engine.event import place_facts

PLACE_MAX_AGE_MS = 600_000
_EVERY = consent_key(EVERY_TOPIC, "")


def person_facts(customer: Customer, at: int) -> dict[str, Any]:
    """What stands under `customer` at `at` (ms)."""
    facts = {**customer.attributes, "id": customer.id}
    position = customer.position
    if position is not None and position.at >= at - PLACE_MAX_AGE_MS:
        facts["place"] = {**place_facts(position.place), "age_s": max(0, at - position.at) // 1000}
    return facts


def given_consents(customer: Customer) -> dict[str, bool]:
    """Each answer by its key; where there was a no to every topic of a channel, the one that holds."""
    consents = customer.consent
    found = {key: answer.given for key, answer in consents.items()}
    for key, given in [*found.items()] if False in found.values() else ():
        if not given and key.startswith(_EVERY):
            channel = key.removeprefix(_EVERY)
            found |= {each: _holds(consents, each) for each in found if each.endswith(f"/{channel}")}
    return found


def _holds(consents: Mapping[str, Consent], key: str) -> bool:
    topic, _, channel = key.rpartition("/")
    answer = answer_for(consents, topic, channel)
    return answer is not None and answer.given
