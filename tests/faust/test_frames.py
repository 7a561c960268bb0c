"""Where batches begin and end in the bytes of a fetch, whatever those bytes are."""

import struct
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from streams.broker.frames import claimed_last, claimed_millis, frames, sound_bytes
from streams.broker.watch import UNSERVED_SECONDS, Watch

NO_END = 1 << 60
WEB = TopicPartition("web", 0)


def batch(base: int, count: int = 10) -> bytes:
    built = DefaultRecordBatchBuilder(2, 3, 0, -1, -1, -1, 1 << 20)
    for number in range(count):
        built.append(number, 1000 + number, b"key", b"value" * 20, [])
    data = bytearray(built.build())
    struct.pack_into(">q", data, 0, base)
    return bytes(data)


def old_batch(base: int) -> bytes:
    built = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    built.append(base, 1000, b"key", b"value")
    return bytes(built.build())


def changed(data: bytes, at: int, form: str, value: int) -> bytes:
    found = bytearray(data)
    struct.pack_into(form, found, at, value)
    return bytes(found)


def places(data: bytes, highwater: int = NO_END) -> list[tuple[int, int, bool]]:
    return [(frame.begin, frame.end, frame.sound) for frame in frames(data, highwater)]


A, B, C = batch(0), batch(10), batch(20)
ONE, TWO, ALL = len(A), len(A) + len(B), len(A) + len(B) + len(C)


def test_sound_batches_are_told_apart() -> None:
    assert sound_bytes(A + B + C, 30) == (ALL, True)
    assert places(A + B + C) == [(0, ONE, True), (ONE, TWO, True), (TWO, ALL, True)]


def test_old_formats_are_sound_by_their_checksum() -> None:
    assert sound_bytes(old_batch(0) + old_batch(1), 30)[0] == 2 * len(old_batch(0))
    assert sound_bytes(changed(old_batch(0), 20, ">b", 9), 30) == (0, False)


def test_one_that_the_fetch_cut_off_is_no_damage_unless_it_is_the_first() -> None:
    assert sound_bytes(A + B[:-1], 30) == (ONE, True)
    assert sound_bytes(A + B[:9], 30) == (ONE, True)
    assert sound_bytes(A[:-1], 30) == (0, False)


def test_headers_that_cannot_be_end_what_is_sound() -> None:
    for at, form, value in (
        (16, ">b", 3),
        (16, ">b", -1),
        (16, ">b", 0),
        (8, ">i", 48),
        (8, ">i", -1),
        (0, ">q", 0),
        (0, ">q", 30),
    ):
        assert sound_bytes(A + changed(B, at, form, value) + C, 30) == (ONE, False), (at, value)


def test_one_that_is_not_sound_ends_where_the_next_begins_whatever_its_length_says() -> None:
    for length in (-1, 3, 60, len(B), 1 << 30):
        assert places(A + changed(B, 8, ">i", length) + C, 30) == [(0, ONE, True), (ONE, TWO, False), (TWO, ALL, True)]
    assert places(A + bytes(80) + B[80:]) == [(0, ONE, True), (ONE, TWO, False)]


def test_what_looks_like_a_batch_within_the_damage_is_none_without_its_checksum() -> None:
    fake = changed(C, len(C) - 1, ">B", C[-1] ^ 1)
    assert places(A + bytes(50) + fake + C, 30)[1:] == [
        (ONE, ONE + 50 + len(fake), False),
        (ONE + 50 + len(fake), ONE + 50 + 2 * len(C), True),
    ]


@given(st.binary(max_size=400), st.integers(0, ALL), st.integers(0, 40))
def test_frames_cover_all_bytes_in_order_whatever_they_are(noise: bytes, at: int, highwater: int) -> None:
    data = (A + B + C)[:at] + noise + (A + B + C)[at + len(noise) :]
    found = frames(data, highwater)
    assert b"".join(data[frame.begin : frame.end] for frame in found) == data
    assert all(frame.begin < frame.end for frame in found)
    bases = [frame.base for frame in found if frame.sound]
    assert bases == sorted(set(bases))


def test_a_batch_names_its_last_offset_only_where_both_its_fields_agree() -> None:
    (frame,) = frames(B, NO_END)
    assert claimed_last(B, frame) == 19
    assert claimed_last(changed(B, 23, ">i", 5), frame) is None
    assert claimed_last(changed(B, 57, ">i", 5), frame) is None


def test_an_append_time_ahead_of_now_is_none() -> None:
    (frame,) = frames(B, NO_END)
    assert claimed_millis(B, frame, 2000) == 1009
    assert claimed_millis(B, frame, 1008) == 0
    assert claimed_millis(changed(B, 35, ">q", -4), frame, 2000) == 0


class Client:
    """A consumer whose fetches answer with what the test gives; its clock is moved by hand."""

    def __init__(self) -> None:
        self.answer: tuple[Any, ...] = ()
        self.now = 0.0
        self._client = SimpleNamespace(send=self._answer)

    async def _answer(self, _node: int, _request: Any) -> Any:
        return SimpleNamespace(topics=[("web", [self.answer])])

    async def fetch(self, offset: int, error: int, highwater: int, data: bytes) -> bytes:
        self.answer = (0, error, highwater, -1, [], data)
        request = FetchRequest(0, 0, 100, 0, [("web", [(0, offset, 100)])])
        response = await self._client.send(1, request)
        return bytes(response.topics[0][1][0][-1])


async def test_a_consumer_gets_sound_frames_only_and_its_spot_is_suspect_when_there_is_none() -> None:
    client = Client()
    watch = Watch(client, lambda: client.now)
    assert await client.fetch(0, 0, 30, A + changed(B, 16, ">b", 9) + C) == A
    assert not watch.suspects
    assert await client.fetch(0, 0, 30, A + B[:-1]) == A + B[:-1]
    assert await client.fetch(10, 0, 30, changed(B, 16, ">b", 9) + C) == b""
    assert watch.suspects == {WEB: 10}


async def test_a_spot_of_which_nothing_is_served_for_long_is_suspect() -> None:
    for error in (0, 2, 87, -1):
        client = Client()
        watch = Watch(client, lambda client=client: client.now)
        for now in (0.0, UNSERVED_SECONDS - 1):
            client.now = now
            await client.fetch(10, error, -1 if error else 30, b"")
            assert not watch.suspects
        client.now = UNSERVED_SECONDS
        await client.fetch(10, error, -1 if error else 30, b"")
        assert watch.suspects == {WEB: 10}


async def test_the_end_of_a_log_a_new_offset_and_other_errors_are_not() -> None:
    client = Client()
    watch = Watch(client, lambda: client.now)
    end, other = [(30, 0, 30)] * 2, [(12, 0, 30), (12, 6, -1), (12, 0, 30)]
    for offset, error, highwater in [*end, (10, 0, 30), (11, 0, 30), *other]:
        await client.fetch(offset, error, highwater, b"")
        client.now += UNSERVED_SECONDS
    assert not watch.suspects
