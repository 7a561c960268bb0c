"""Instants that JSON cannot even spell are refused like the others."""

import pytest

from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError


@pytest.mark.parametrize("found", [float("nan"), float("inf"), float("-inf")])
def test_no_number_and_no_end(found: float) -> None:
    with pytest.raises(RefusalError, match=r"at is .*, expected ISO 8601"):
        instant_ms(found, "at")
