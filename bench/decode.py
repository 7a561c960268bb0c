"""How long a touchpoint takes from bytes to event, by kind, on one core: `python bench/decode.py`."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.event import Event
from streams.touchpoints.decoder import Decoder

ROUNDS = 50
EVENTS = 2_000
NOW = 1_772_474_400_000


@dataclass
class Sample:
    """A consumed record of a topic that keeps append times."""

    value: bytes
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    key: bytes | None = b"customer-1048576"
    topic: str = "sillage.touchpoints.web"
    partition: int = 3
    offset: int = 42
    timestamp: int = NOW
    timestamp_type: int = 1


PLAIN = {
    "id": "0f4c1b52-6a3e-4f39-9d0c-6c1d6a7f1b11",
    "type": "basket.updated",
    "customer": "customer-1048576",
    "occurred_at": "2026-03-02T17:59:58.120Z",
    "properties": {"basket_id": "b-77120", "value": 84.5, "currency": "EUR", "lines": 3, "device": "mobile",
                   "page": "/face/serum/vitamin-c", "campaign": "spring", "returning": True},
}  # fmt: skip
CLOUD = {
    "specversion": "1.0", "source": "urn:shop:eu", "id": PLAIN["id"], "type": PLAIN["type"],
    "subject": PLAIN["customer"], "time": PLAIN["occurred_at"], "data": PLAIN["properties"],
}  # fmt: skip


def encoded(tree: object) -> bytes:
    """As a publisher writes it: without blanks."""
    return json.dumps(tree, separators=(",", ":")).encode()


def samples() -> dict[str, Sample]:
    """One record of each kind."""
    attributes = [(f"ce_{name}", str(part).encode()) for name, part in CLOUD.items() if name != "data"]
    return {
        "plain": Sample(encoded(PLAIN)),
        "plain, epoch ms": Sample(encoded(PLAIN | {"occurred_at": 1_772_474_398_120})),
        "plain, unknown field": Sample(encoded(PLAIN | {"session": "s-1"})),
        "plain, 50 lines": Sample(
            encoded(PLAIN | {"properties": {"lines": [{"sku": "x", "n": n} for n in range(50)]}})
        ),
        "consent.changed": Sample(
            encoded(
                PLAIN
                | {"type": "consent.changed", "properties": {"topic": "offers", "channel": "email", "given": True}}
            )
        ),
        "CloudEvents binary": Sample(encoded(CLOUD["data"]), attributes),
        "CloudEvents structured": Sample(encoded(CLOUD)),
        "malformed": Sample(encoded(PLAIN)[:-1]),
    }


def microseconds(decode: Callable[[Sample], object], sample: Sample) -> float:
    """The best of ROUNDS, an event."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(EVENTS):
            decode(sample)
        best = min(best, time.perf_counter() - start)
    return best / EVENTS * 1e6


def main() -> None:
    """Prints one line a kind."""
    for name, sample in samples().items():
        decoder = Decoder(sample.topic, "web", lambda: NOW)
        outcome = "event" if isinstance(decoder.decode(sample), Event) else "rejected"
        line = f"{name:24} {len(sample.value):5} bytes  {microseconds(decoder.decode, sample):6.2f} us  {outcome}\n"
        sys.stdout.write(line)


if __name__ == "__main__":
    main()
