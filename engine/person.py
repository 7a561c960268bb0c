"""The person as conditions see it: attributes, id, and the place where the last fix is fresh."""

from typing import Any

from engine.customer import Customer
from engine.event import place_facts

PLACE_MAX_AGE_MS = 600_000


def person_facts(customer: Customer, at: int) -> dict[str, Any]:
    """What stands under `customer` at `at` (ms)."""
    facts = {**customer.attributes, "id": customer.id}
    position = customer.position
    if position is not None and position.at >= at - PLACE_MAX_AGE_MS:
        facts["place"] = {**place_facts(position.place), "age_s": max(0, at - position.at) // 1000}
    return facts


def given_consents(customer: Customer) -> dict[str, bool]:
    """Each answer by its key."""
    return {key: answer.given for key, answer in customer.consent.items()}
