"""Which store a partition gets, and what becomes of a folder that another holds."""

import asyncio
import sys
from pathlib import Path

import pytest
from waiting import turns

from state.rocks import RocksStore
from state.store import MemoryStore, StoreError
from streams.settings import Settings
from streams.stores import stores

IDS = {"shop.state": "Yw3-id"}


def settings(tmp_path: Path, store: str = "rocks") -> Settings:
    return Settings(prefix="shop", data=tmp_path, store=store)


async def test_memory_is_what_one_gets_unasked(tmp_path: Path) -> None:
    assert Settings().store == "memory"
    assert isinstance(await stores(settings(tmp_path, "memory"), {})(0), MemoryStore)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_is_that_of_prefix_topic_id_and_partition(tmp_path: Path) -> None:
    opened = stores(settings(tmp_path), IDS)
    zero, one = await opened(0), await opened(1)
    assert isinstance(zero, RocksStore) and isinstance(one, RocksStore)
    assert zero.mark.topic_id == "Yw3-id"
    assert sorted(path.name for path in (tmp_path / "state" / "shop" / "Yw3-id").iterdir()) == ["0", "1"]
    zero.close()
    one.close()


async def test_a_folder_that_is_still_being_closed_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.stores.RETRY_SECONDS", 0.0)
    opened = stores(settings(tmp_path), IDS)
    before = await opened(0)
    waiting = asyncio.ensure_future(opened(0))
    await turns()
    assert not waiting.done()
    before.close()
    again = await waiting
    assert isinstance(again, RocksStore)
    again.close()


async def test_one_that_another_never_gives_back_is_told_and_the_partition_kept_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streams.stores.BUSY_SECONDS", 0.0)
    opened = stores(settings(tmp_path), IDS)
    held = await opened(0)
    assert isinstance(await opened(0), MemoryStore)
    [line] = [record.getMessage() for record in caplog.records]
    assert str(tmp_path) in line
    assert "kept in memory" in line
    held.close()


def test_where_rocksdb_is_not_installed_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "state.rocks")
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(StoreError, match="pip install rocksdict"):
        stores(settings(tmp_path), IDS)
