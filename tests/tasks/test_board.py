"""The board over the records of `tasks`, and the touchpoint that tells an outcome."""

import msgspec
import pytest

from engine.decision import Task, TaskClosed, TaskWarning
from streams.tasks.board import Board
from streams.tasks.report import touchpoint


def task(name: str, due_at: int, queue: str = "hotline") -> Task:
    return Task(name, f"customer-{name}", "call-back", "v", "e", "call-back", "call-back", queue, due_at)


def board(*records: Task | TaskWarning | TaskClosed) -> Board:
    found = Board()
    for record in records:
        found.take(msgspec.json.encode(record))
    return found


def test_the_most_pressing_comes_first_and_what_has_ended_only_when_asked_for() -> None:
    found = board(task("a", 300), task("b", 100), task("c", 200, "chat"), TaskClosed("x", "c", "b", "done", 50))
    assert [item.task.id for item in found.listed()] == ["c", "a"]
    assert [item.task.id for item in found.listed("hotline")] == ["a"]
    assert [(item.task.id, item.state) for item in found.listed(closed=True)] == [
        ("b", "done"), ("c", "open"), ("a", "open"),
    ]  # fmt: skip


def test_what_was_published_twice_counts_once() -> None:
    warning = TaskWarning("w", "c", "a", 300, 200)
    found = board(task("a", 300), warning, warning, task("a", 300))
    assert [(item.task.id, item.state) for item in found.listed()] == [("a", "warned")]


def test_what_became_of_a_task_that_is_no_longer_kept_is_passed_over() -> None:
    assert board(TaskClosed("x", "c", "gone", "done", 50), TaskWarning("w", "c", "gone", 1, 1)).items == {}


def test_a_record_that_is_none_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        Board().take(b'{"kind": "send"}')


def test_an_outcome_told_twice_is_one_event() -> None:
    first, again = touchpoint(task("a", 1), "no_answer"), touchpoint(task("a", 1), "no_answer", "rang for long")
    assert first.id == again.id != touchpoint(task("a", 1), "done").id
    assert (first.type, first.customer, first.properties) == (
        "task.no_answer", "customer-a", {"task_id": "a", "outcome": "no_answer"},
    )  # fmt: skip
    assert touchpoint(task("a", 1), "wrong_number").type == "task.done"
