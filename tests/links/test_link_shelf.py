"""What links remember: the same promise in memory and in Redis."""

from collections.abc import AsyncIterator

import pytest

from streams.links.shelf import MemoryShelf, Reached, RedisShelf, Shelf, ShelfAway


@pytest.fixture(params=["memory", "redis"])
async def shelf(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Shelf]:
    if request.param == "memory":
        yield MemoryShelf()
        return
    found = RedisShelf(request.getfixturevalue("redis_url"), prefix)
    yield found
    await found.close()


async def test_a_code_stands_for_what_it_was_first_kept_for(shelf: Shelf) -> None:
    assert await shelf.code("a") == ""
    assert await shelf.keep({"a": "one", "b": "two"}, []) == set()
    assert await shelf.keep({"a": "one", "b": "three"}, []) == {"b"}
    assert [await shelf.code(each) for each in ("a", "b")] == ["one", "two"]


async def test_each_person_at_a_number_is_found_by_their_last_message(shelf: Shelf) -> None:
    await shelf.keep({"c": "x"}, [Reached("n", "ann", "old"), Reached("n", "bob", "his"), Reached("m", "eve", "hers")])
    await shelf.keep({}, [Reached("n", "ann", "new")])
    assert sorted(await shelf.reached(["n"])) == ["his", "new"]
    assert sorted(await shelf.reached(["gone", "n", "m"])) == ["hers", "his", "new"]


async def test_a_redis_that_does_not_answer_is_told() -> None:
    shelf = RedisShelf("redis://127.0.0.1:1/0", "p", timeout_seconds=0.2)
    for asked in (shelf.keep({"a": "b"}, []), shelf.code("a"), shelf.reached(["n"])):
        with pytest.raises(ShelfAway):
            await asked
    assert await shelf.keep({}, []) == set()
    await shelf.close()
