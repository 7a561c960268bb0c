"""The home partition is the one that Java's default partitioner would choose for the customer's id."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from kafka.partitioner.default import murmur2 as of_kafka_python

from streams.touchpoints.home import home, murmur2


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_the_hashes_of_kafkas_own_test(text: str, hashed: int) -> None:
    assert murmur2(text.encode()) == hashed & 0xFFFFFFFF
    assert home(text, 7) == (hashed & 0x7FFFFFFF) % 7


@given(some.binary())
def test_the_hash_of_another_client(data: bytes) -> None:
    assert murmur2(data) == of_kafka_python(data) & 0xFFFFFFFF


def test_the_id_is_hashed_as_utf_8() -> None:
    assert home("zoë", 1 << 20) == (of_kafka_python("zoë".encode()) & 0x7FFFFFFF) % (1 << 20)
