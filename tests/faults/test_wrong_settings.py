"""Settings that cannot work: the process ends soon, with one line that says what to do, and a code that is not 0."""

import pytest
from breakable import House, Kept

from local.ports import free_port

END_SECONDS = 20.0


def _said(house: House, name: str, **values: object) -> str:
    """The last line of a process that ends by itself with code 1."""
    process = Kept(name, house.settings.model_copy(update=values), house.settings.data)
    try:
        assert process.start().ended(END_SECONDS) == 1
    finally:
        process.kill()
    assert "Traceback" not in process.log
    lines = process.log.splitlines()
    assert len(lines) <= 2, process.log
    return lines[-1]


@pytest.mark.parametrize("name", ["worker", "dispatcher"])
async def test_another_number_of_partitions_is_refused_with_the_one_to_set(house: House, name: str) -> None:
    said = _said(house, name, partitions=3)
    assert said.startswith(f"Error: topic {house.settings.topic('state')}: has 2 partitions, expected 3; ")
    assert "set SILLAGE_PARTITIONS=2" in said


async def test_a_broker_that_cannot_be_reached_at_the_start_ends_the_process(house: House) -> None:
    said = _said(house, "worker", kafka=f"127.0.0.1:{free_port()}")
    assert said.startswith("Error: kafka 127.0.0.1:")
    assert "no broker answers" in said
    assert "set SILLAGE_KAFKA" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp", "localhost:25"),
        ("smtp", "smtp://joe:secret@host:port"),
        ("redis", "127.0.0.1:6379"),
        ("sender", "Sillage"),
        ("clock", "sun"),
    ],
)
async def test_a_setting_that_cannot_work_is_named(house: House, name: str, value: str) -> None:
    said = _said(house, "dispatcher", **{name: value})
    assert said.startswith(f"Error: SILLAGE_{name.upper()}=")
    assert "secret" not in said


async def test_a_metrics_port_that_is_taken_is_named(house: House) -> None:
    said = _said(house, "worker", metrics_port=house.mailbox.port)
    assert str(house.mailbox.port) in said
