"""The topic of the definitions as values: what is taken, what is refused, and what stays then."""

import msgspec
import pytest

from streams.definitions.shelf import (
    CURRENT,
    NewerFormat,
    Release,
    Shelf,
    ShelfFault,
    Shelved,
    blob_key,
    canonical,
    digest,
    release_key,
)

BLOB = b'{"journey":"welcome"}'


def release(n: int, **changes: object) -> Release:
    return msgspec.structs.replace(
        Release(n, at=1_000, nonce=f"nonce-{n}", project="p", journeys={"welcome": Shelved(digest(BLOB))}), **changes
    )


def put(shelf: Shelf, one: Release) -> None:
    shelf.feed(release_key(one.n), canonical(one))
    shelf.feed(CURRENT, str(one.n).encode())


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.feed(blob_key(BLOB), BLOB)
    put(shelf, release(1))
    put(shelf, release(2))
    return shelf


def test_equal_values_give_equal_bytes_whatever_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()


def test_what_was_published_is_read_back(shelf: Shelf) -> None:
    assert shelf.blobs == {digest(BLOB): BLOB}
    assert shelf.release == release(2)
    assert shelf.next_number == 3


def test_an_empty_topic_has_no_release() -> None:
    assert Shelf().release is None
    assert Shelf().next_number == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"release/3", b"{"),
        (b"release/3", b"[]"),
        (b"release/3", b'{"n": "three"}'),
        (b"release/3", canonical(release(4))),
        (b"release/3", b"\xff\xfe"),
        (b"release/3", b"[" * 100_000),
        (b"blob/00", BLOB),
        (blob_key(BLOB), BLOB + b" "),
        (CURRENT, b"9"),
        (CURRENT, b"two"),
        (CURRENT, b""),
        (CURRENT, "²".encode()),
        (b"garbage", b"garbage"),
        (None, BLOB),
        (CURRENT, None),
        (blob_key(BLOB), None),
    ],
)
def test_garbage_is_refused_and_changes_nothing(shelf: Shelf, key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(ShelfFault):
        shelf.feed(key, value)
    assert shelf.blobs == {digest(BLOB): BLOB}
    assert shelf.release == release(2)
    assert shelf.next_number == 3


def test_a_newer_format_is_told_as_such(shelf: Shelf) -> None:
    newer = canonical({**msgspec.to_builtins(release(3)), "format": 2, "journeys": [{"shape": "of tomorrow"}]})
    with pytest.raises(NewerFormat, match="format 2, this program reads 1; upgrade"):
        shelf.feed(release_key(3), newer)


def test_fields_that_a_newer_program_appended_are_passed_over(shelf: Shelf) -> None:
    shelf.feed(release_key(3), canonical({**msgspec.to_builtins(release(3)), "appended": True}))
    shelf.feed(CURRENT, b"3")
    assert shelf.release == release(3)


def test_where_current_is_lost_the_newest_release_is_in_use() -> None:
    shelf = Shelf()
    for n in (1, 2):
        shelf.feed(release_key(n), canonical(release(n)))
    assert shelf.release == release(2)
