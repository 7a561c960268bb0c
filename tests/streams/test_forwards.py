"""A forward carries the event, its origin and its first instants, unchanged."""

import msgspec
import pytest
from records import event, record

from streams.touchpoints.decoder import Forward, Rejected, decode_forward, encode_forward


def test_there_and_back() -> None:
    given = event(
        {"type": "x", "customer": "zoë", "place": {"lat": 1, "lon": 2}, "extra": 1, "properties": {"a": [1.5]}}
    )
    forward = Forward("3>5", 7, "acme.touchpoints.web/3/42", given)
    out = encode_forward(forward)
    assert out.key == "zoë".encode()
    assert decode_forward(record(out.value, timestamp=5)) == forward


def test_a_forward_of_nobody_is_refused() -> None:
    nobody = msgspec.structs.replace(event({"type": "x", "customer": "c"}), customer="")
    assert isinstance(decode_forward(record(encode_forward(Forward("3>5", 7, "web/3/42", nobody)).value)), Rejected)


@pytest.mark.parametrize("value", [None, b"", b"{}", b"[" * 100_000, b'{"type":"x","customer":"c"}', b"\xff"])
def test_what_is_no_forward_is_refused(value: bytes | None) -> None:
    found = decode_forward(record(value))
    assert isinstance(found, Rejected)
    assert found.code == "not_a_forward"
