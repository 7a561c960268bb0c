"""`sillage doctor` where services answer: topics, copies, groups, clocks."""

import time

from operations.conftest import Sillage, put
from pytest import MonkeyPatch

from local.checkup import check_up
from local.doctor import Finding
from state.changelog import marker_key
from streams.broker.publish import Out
from streams.broker.topics import Replicas
from streams.settings import Settings


def found(settings: Settings, ahead: float = 0.0) -> dict[str, Finding]:
    return {each.subject: each for each in check_up(settings, lambda: time.time() + ahead)}


def test_what_is_sound_and_who_is_missing(house: Settings, sillage: Sillage, monkeypatch: MonkeyPatch) -> None:
    put(house, "state", 0, Out(marker_key("a"), b""))
    seen = found(house)
    assert {name for name, each in seen.items() if each.ok} == {
        "Redis clock", "Kafka clock", "Topic table", "Leaders", "Copies", "Replication",
    }  # fmt: skip
    assert seen["Workers"].words == "0 in the group; 2 of 2 partitions have nobody: start `sillage worker`"
    assert seen["Callers"].words == "0 in the group; 2 of 2 partitions have nobody: start `sillage dispatcher`"
    assert not seen["Dispatchers"].ok and not seen["Dispatchers"].needed
    assert "Workers" in sillage("doctor").stdout
    more = found(house.model_copy(update={"channels": "web,app", "replication": 3}))
    assert "changes are due; see `sillage topics plan`" in more["Topic table"].words
    assert "SILLAGE_REPLICATION is 3" in more["Replication"].words
    assert "expected 5" in found(house.model_copy(update={"partitions": 5}))["Topic table"].words


def test_clocks_that_lie_apart_are_told(house: Settings) -> None:
    put(house, "state", 0, Out(marker_key("a"), b""))
    behind = found(house, -3600)
    assert not behind["Redis clock"].ok and "apart from this machine's; set both by NTP" in behind["Redis clock"].words
    assert not behind["Kafka clock"].ok and behind["Kafka clock"].needed
    ahead = found(house, 3600)
    assert not ahead["Redis clock"].ok


def test_copies_that_lag_and_partitions_without_a_leader_are_named(house: Settings, monkeypatch: MonkeyPatch) -> None:
    sick = [Replicas("t.state", 0, 1, 3, 2), Replicas("t.state", 1, -1, 3, 0)]
    monkeypatch.setattr("local.checkup.replicas", lambda _settings: sick)
    seen = found(house)
    assert seen["Leaders"] == Finding("Leaders", False, "1 partitions have none; bring their brokers back: t.state/1")
    assert "t.state/0, t.state/1" in seen["Copies"].words and not seen["Copies"].needed


def test_where_nothing_answers_nothing_is_said() -> None:
    assert check_up(Settings(kafka="127.0.0.1:1", redis="redis://127.0.0.1:1/0")) == []
