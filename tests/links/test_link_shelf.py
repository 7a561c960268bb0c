"""What links remember: the same promise in memory and in Redis."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.redis_client import client
from streams.links.links import links_of
from streams.links.shelf import MemoryShelf, Reached, RedisShelf, Shelf, ShelfAway
from streams.settings import Settings


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


async def test_a_word_of_one_use_stands_for_what_it_came_with_first(shelf: Shelf) -> None:
    assert [await shelf.once("w", said, 60) for said in ("a", "b", "a")] == [True, False, True]
    assert await shelf.once("other", "b", 60)


async def test_redis_keeps_a_word_for_its_time_alone(redis_url: str, prefix: str) -> None:
    shelf = RedisShelf(redis_url, prefix)
    await shelf.once("w", "a", 1000)
    await shelf.once("w", "a", 9000)
    redis = client(redis_url, 2.0)
    (key,) = await redis.keys(f"{{{prefix}.links}}/once/*")
    assert "w" not in key.rpartition("/")[2] and 990 < await redis.ttl(key) <= 1000
    await redis.aclose()
    await shelf.close()


async def test_who_was_written_to_is_taken_away_for_one_person_at_all_their_numbers(shelf: Shelf) -> None:
    await shelf.keep({}, [Reached("n", "ann", "a"), Reached("n", "bob", "b"), Reached("m", "ann", "c")])
    await shelf.keep({}, [Reached("o", "ann-by-an-older-key", "d")])
    assert await shelf.forget(["ann", "ann-by-an-older-key"]) == 3
    assert [await shelf.reached([each]) for each in "nmo"] == [["b"], [], []]
    await shelf.keep({}, [Reached("n", "ann", "e")])
    assert (await shelf.forget(["ann"]), await shelf.forget(["ann"])) == (1, 0)


async def test_a_redis_that_does_not_answer_is_told() -> None:
    shelf = RedisShelf("redis://127.0.0.1:1/0", "p", timeout_seconds=0.2)
    for asked in (
        shelf.keep({"a": "b"}, []),
        shelf.code("a"),
        shelf.reached(["n"]),
        shelf.forget(["c"]),
        shelf.once("w", "a", 1),
    ):
        with pytest.raises(ShelfAway):
            await asked
    assert await shelf.keep({}, []) == set()
    await shelf.close()


async def test_what_the_links_of_a_dispatcher_keep_is_on_the_shelf_that_serve_reads(
    redis_url: str, prefix: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"2026": "' + "k" * 32 + '"}')
    keys.chmod(0o400)
    settings = Settings(prefix=prefix, redis=redis_url, links_url="https://m.shop.example", links_keys=str(keys))
    links, served = links_of(settings), RedisShelf(redis_url, prefix)
    assert links is not None and links.shelf is not None
    await links.shelf.keep({"code": "token"}, [Reached("n", "ann", "hers")])
    assert (await served.code("code"), await served.reached(["n"])) == ("token", ["hers"])
    await links.close()
    await served.close()
