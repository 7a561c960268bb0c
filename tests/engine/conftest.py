"""One customer's life (tests/onelife.py), as fixtures."""

from typing import Any

import pytest
from onelife import Life, journey_of, ms


@pytest.fixture(scope="session")
def life() -> type[Life]:
    return Life


@pytest.fixture(scope="session")
def journey() -> Any:
    return journey_of


@pytest.fixture(scope="session")
def at() -> Any:
    return ms
