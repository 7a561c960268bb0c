"""The board over the records of `tasks`, and the touchpoint that tells an outcome."""

import msgspec
import pytest

from cli.tasks import whole
from engine.decision import Task, TaskClosed, TaskRefused, TaskTurn, TaskWarning
from streams.tasks.board import Board
from streams.tasks.report import reply, touchpoint


def task(name: str, due_at: int, queue: str = "hotline") -> Task:
    return Task(name, f"customer-{name}", "call-back", "v", "e", "call-back", "call-back", queue, due_at)


def board(*records: Task | TaskWarning | TaskTurn | TaskRefused | TaskClosed) -> Board:
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


def test_what_is_said_in_a_conversation_is_kept_in_order_and_once() -> None:
    turns = [TaskTurn(name, "c", "a", "customer", "chat", text, 5) for name, text in (("t1", "Hi"), ("t2", "Well?"))]
    lost = TaskTurn("t3", "c", "gone", "agent", "chat", "Yes", 6)
    found = board(task("a", 300), turns[0], turns[1], turns[0], lost)
    assert [each.text for each in found.items["a"].turns.values()] == ["Hi", "Well?"]
    assert found.items.keys() == {"a"}


def test_a_task_is_shown_whole() -> None:
    handed = msgspec.structs.replace(
        task("a", 300),
        hand_over=True,
        data={"name": "Ada"},
        conversation=[{"who": "customer", "channel": "chat", "at": 0, "text": "Hi"}],
        history={"journeys": [{"journey": "welcome"}]},
    )
    found = board(handed, TaskTurn("t1", "c", "a", "agent", "sms", "Hello Ada", 60_000)).items["a"]
    assert list(whole(found)) == [
        "call-back in hotline for customer-a, due 1970-01-01T00:00:00.300000, open",
        "  name: Ada",
        "said:",
        "  1970-01-01T00:00  customer (chat): Hi",
        "  1970-01-01T00:01  agent (sms): Hello Ada",
        "journeys:",
        '  {"journey": "welcome"}',
    ]


def test_an_answer_is_told_under_its_own_name() -> None:
    told = reply(task("a", 1), "Yes.", "n1")
    assert (told.type, told.customer, told.id) == ("task.replied", "customer-a", "n1")
    assert told.properties == {"task_id": "a", "text": "Yes."}


def test_an_answer_that_does_not_reach_the_customer_is_shown_behind_what_was_said() -> None:
    turn = TaskTurn("t", "c", "a", "agent", "sms", "Good morning", 1_000, "desk-1")
    refused = TaskRefused("r", "c", "a", "desk-1", "sms", "sms_21610", 2_000)
    found = board(task("a", 300), refused, turn, refused)
    said = [line.split("  ")[-1] for line in whole(found.items["a"]) if "(sms)" in line]
    assert said == ["agent (sms): Good morning", "not delivered (sms): sms_21610"]
    assert board(refused).items == {}
