"""The oracle agrees with a run in which nothing went wrong, and names each thing that did."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from chaos.engine_alone import outcome, read_log
from chaos.evidence import Evidence, Span
from chaos.findings import Finding
from chaos.shop import catalog
from chaos.sound import SETTINGS, Sound, sound_evidence
from chaos.story import Story, Touch
from chaos.verdict import judge

from state.codec import decode, encode
from state.ledger import Entry, Status
from streams.broker.publish import Out
from streams.touchpoints.home import home

CATALOG = catalog()


@pytest.fixture(scope="module")
def sound() -> Evidence:
    return sound_evidence()


def findings(evidence: Evidence) -> Sequence[Finding]:
    return judge(CATALOG, evidence).findings


def told(evidence: Evidence) -> set[tuple[str, str]]:
    return {(finding.kind, finding.where) for finding in findings(evidence)}


def changed(evidence: Evidence, topic: str, change: Callable[[list[Any]], list[Any]]) -> Evidence:
    """The same with the records of one topic changed."""
    return evidence._replace(rows={**evidence.rows, topic: change(list(evidence.rows[topic]))})


def without(rows: list[Any], which: Callable[[Any], bool]) -> list[Any]:
    """The rows without the first of which it holds."""
    first = next(row for row in rows if which(row))
    return [row for row in rows if row is not first]


def holding(*texts: bytes) -> Callable[[Any], bool]:
    return lambda row: all(text in (row.value or b"") for text in texts)


def action_of(evidence: Evidence, class_: str) -> str:
    """The id of an action of this class that left."""
    actions = outcome(CATALOG, read_log(evidence)).actions
    return next(id_ for id_ in evidence.mails if actions[id_].class_ == class_)


def cart(type_: str) -> Touch:
    value = {"id": type_, "type": type_, "customer": "c0", "properties": {"cart": "k1"}}
    return Touch("touchpoints.web", home("c0", SETTINGS.partitions), Out(b"c0", msgspec.json.encode(value)))


def with_status(evidence: Evidence, id_: str, status: Status) -> Evidence:
    """The same with the ledger saying something else of one action."""

    def change(rows: list[Any]) -> list[Any]:
        entry = msgspec.json.encode(Entry(id_, status, 1, class_="marketing"))
        return [row._replace(value=entry) if row.key == id_.encode() else row for row in rows]

    return changed(evidence, "dispatches", change)


def test_a_sound_run_agrees_and_is_worth_asking(sound: Evidence) -> None:
    verdict = judge(CATALOG, sound)
    assert verdict.findings == []
    assert (verdict.unresolved, verdict.repeats) == (0, 0)
    assert verdict.inputs > 150
    assert len(sound.mails) == verdict.actions > 40
    assert sum(len(rows) for name, rows in sound.rows.items() if name.endswith(".dead")) > 0
    assert any(b'"timer"' in row.value for row in sound.rows["decisions"])
    assert any(row.key in (None, b"somebody else") for row in sound.rows["touchpoints.app"])


def test_a_repeated_trace_is_normal(sound: Evidence) -> None:
    assert findings(changed(sound, "decisions", lambda rows: [*rows, *rows[:7]])) == []
    assert findings(changed(sound, "actions", lambda rows: [*rows, *rows[:7]])) == []


def test_an_input_without_a_trace_is_missing_with_its_origin(sound: Evidence) -> None:
    spoilt = changed(sound, "decisions", lambda rows: without(rows, holding(b"points.earned")))
    lost = next(finding for finding in findings(spoilt) if finding.where == "decision")
    assert (lost.kind, lost.origin.rpartition("/")[0][:18]) == ("missing", "sound.touchpoints.")
    assert lost.customer in str(lost)
    assert lost.id in str(lost)


def test_an_input_decided_twice_is_doubled(sound: Evidence) -> None:
    def again(rows: list[Any]) -> list[Any]:
        first = next(row for row in rows if b"points.earned" in row.value)
        trace = msgspec.json.decode(first.value)
        trace["at"] += 1
        return [*rows, first._replace(value=msgspec.json.encode(trace))]

    assert ("doubled", "decision") in told(changed(sound, "decisions", again))


def test_a_trace_of_no_input_is_wrong(sound: Evidence) -> None:
    topic = "touchpoints.web"
    assert ("wrong", "decision") in told(changed(sound, topic, lambda rows: without(rows, holding(b"visit.started"))))


def test_a_timer_that_did_not_fire_is_seen(sound: Evidence) -> None:
    assert told(changed(sound, "decisions", lambda rows: without(rows, holding(b'"timer"'))))


def test_a_wrong_final_state_is_seen(sound: Evidence) -> None:
    def other(rows: list[Any]) -> list[Any]:
        record = decode(rows[-1].value)
        assert record.customer is not None
        record.customer.attributes["points"] += 1
        return [*rows[:-1], rows[-1]._replace(value=encode(record, 0))]

    assert told(changed(sound, "state", other)) == {("wrong", "state")}


def test_a_record_of_an_ended_epoch_does_not_count(sound: Evidence) -> None:
    """A zombie's late write is ignored; the same one in the epoch of now would be the customer's last."""

    def late(epoch: int) -> Callable[[list[Any]], list[Any]]:
        def change(rows: list[Any]) -> list[Any]:
            record = decode(rows[-1].value)
            assert record.customer is not None
            record.customer.attributes.clear()
            return [*rows, rows[-1]._replace(offset=999, value=encode(record, epoch))]

        return change

    verdict = judge(CATALOG, changed(sound, "state", late(7)))
    assert (verdict.findings, verdict.epochs.strays) == ([], 1)
    assert told(changed(sound, "state", late(0))) == {("wrong", "state")}


def test_a_customer_whose_state_is_gone_is_missing(sound: Evidence) -> None:
    assert told(changed(sound, "state", lambda rows: rows[:-1])) == {("missing", "state")}


def test_an_action_that_was_decided_and_not_published_is_missing(sound: Evidence) -> None:
    assert told(changed(sound, "actions", lambda rows: rows[1:])) == {("missing", "action")}


def test_an_action_of_no_decision_is_wrong(sound: Evidence) -> None:
    def more(rows: list[Any]) -> list[Any]:
        action = {**msgspec.json.decode(rows[0].value), "id": "invented"}
        return [*rows, rows[0]._replace(value=msgspec.json.encode(action))]

    assert told(changed(sound, "actions", more)) == {("wrong", "action")}


@pytest.mark.parametrize("class_", ["marketing", "service", "critical"])
def test_a_message_that_did_not_come_is_missing(sound: Evidence, class_: str) -> None:
    gone = action_of(sound, class_)
    assert told(sound._replace(mails=[id_ for id_ in sound.mails if id_ != gone])) == {("missing", "message")}


@pytest.mark.parametrize("class_", ["marketing", "service"])
def test_a_message_that_came_twice_is_doubled(sound: Evidence, class_: str) -> None:
    assert told(sound._replace(mails=[*sound.mails, action_of(sound, class_)])) == {("doubled", "message")}


def test_a_critical_message_that_came_twice_is_dropped_by_its_receiver(sound: Evidence) -> None:
    verdict = judge(CATALOG, sound._replace(mails=[*sound.mails, action_of(sound, "critical")]))
    assert (verdict.findings, verdict.repeats) == ([], 1)


def test_a_message_of_no_event_is_wrong(sound: Evidence) -> None:
    assert told(sound._replace(mails=[*sound.mails, "invented"])) == {("wrong", "message")}


def test_an_unresolved_message_may_be_lost_and_a_sent_one_may_not(sound: Evidence) -> None:
    id_ = action_of(sound, "marketing")
    lost = sound._replace(mails=[mail for mail in sound.mails if mail != id_])
    told_so = with_status(lost, id_, Status.UNRESOLVED)
    verdict = judge(CATALOG, told_so)
    assert verdict.unresolved == 1
    assert {(finding.kind, finding.where) for finding in verdict.findings} == {("missing", "receipt")}
    critical = action_of(sound, "critical")
    lost = sound._replace(mails=[mail for mail in sound.mails if mail != critical])
    assert ("missing", "message") in told(with_status(lost, critical, Status.UNRESOLVED))


def test_an_action_that_the_ledger_never_settled_is_seen(sound: Evidence) -> None:
    assert ("missing", "ledger entry") in told(with_status(sound, action_of(sound, "service"), Status.RESERVED))


def test_dead_letters_are_counted_by_origin(sound: Evidence) -> None:
    topic = next(name for name, rows in sound.rows.items() if name.endswith(".dead") and rows)
    assert findings(changed(sound, topic, lambda rows: [*rows, rows[0]])) == []
    assert told(changed(sound, topic, lambda rows: rows[1:])) == {("missing", "dead letter")}
    other = changed(sound, topic, lambda rows: [*rows, rows[0]._replace(value=b"other")])
    assert told(other) == {("doubled", "dead letter")}
    stranger = changed(sound, topic, lambda rows: [*rows, rows[0]._replace(key=b"sound.touchpoints.web/0/0")])
    assert told(stranger) == {("wrong", "dead letter")}


def test_what_the_engine_alone_makes_otherwise_is_seen() -> None:
    """A house that applied two events in another order has traces and a state that agree with each other."""
    story, house = Story(1, 1, SETTINGS.partitions), Sound()
    house.play(story.introduction())
    house.play([cart("cart.filled"), cart("cart.emptied"), cart("cart.paid")])
    evidence = house.evidence()
    assert findings(evidence) == []

    def swapped(rows: list[Any]) -> list[Any]:
        *before, emptied, paid = rows
        return [*before, emptied._replace(value=paid.value), paid._replace(value=emptied.value)]

    assert told(changed(evidence, "touchpoints.web", swapped)) == {("missing", "message"), ("missing", "ledger entry")}


def test_a_partition_that_stands_still_is_seen_unless_the_broker_was_at_fault(sound: Evidence) -> None:
    def late(rows: list[Any]) -> list[Any]:
        return [*rows[:-1], rows[-1]._replace(timestamp=rows[-1].timestamp + 20_000)]

    def waits(rows: list[Any]) -> list[Any]:
        at = next(place for place, row in enumerate(rows) if b"points.earned" in row.value)
        return [*rows[:at], rows[at]._replace(timestamp=rows[at].timestamp + 20_000), *rows[at + 1 :]]

    slow = changed(sound, "decisions", waits)
    assert told(slow) == {("wrong", "pause")}
    begin = min(row.timestamp for row in sound.rows["decisions"])
    end = max(row.timestamp for row in slow.rows["decisions"])
    assert findings(slow._replace(broker_faults=[Span(begin, end - 1_000)])) == []
