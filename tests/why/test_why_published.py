"""What leaves for the topic `decisions`: of a bounded size, and without what the project redacts."""

from onelife import START_AT, journey_of
from rig import Rig, catalog
from whylife import FILES, WhyLife

from engine.policy.terms import Terms
from engine.why.bounded import MOST_BYTES
from engine.why.redaction import REDACTED
from streams.processor import deciding

WEB = "touchpoints.web"
JOURNEY = journey_of(steps=[{"set": {"vars.note": "event.note"}}, {"exit": "done"}])


def test_a_project_names_what_is_redacted() -> None:
    life = WhyLife({"project.yaml": FILES["project.yaml"] + "redact: [customer.email, event.note]\n"})
    assert life.catalog.terms.redact == {"customer.email", "event.note"}


def test_a_worker_publishes_no_value_that_is_redacted() -> None:
    found = catalog(JOURNEY)
    found.terms = Terms(redact=frozenset({"event.note"}))
    rig = Rig(definitions=[JOURNEY], decide=deciding(lambda: found, redacting=True))
    rig.put(WEB, START_AT, "began", properties={"note": "call me at 0612", "total": 3}, id="e1")
    rig.run()
    (trace,) = rig.said("decisions")
    assert trace["redacted"] is True
    assert trace["input"]["event"]["properties"] == {"note": REDACTED, "total": 3}
    assert [line["data"]["value"] for line in trace["lines"] if line["what"] == "set"] == [REDACTED]
    assert "0612" not in str(trace)


def test_without_a_list_nothing_is_redacted() -> None:
    found = catalog(JOURNEY)
    rig = Rig(definitions=[JOURNEY], decide=deciding(lambda: found, redacting=True))
    rig.put(WEB, START_AT, "began", properties={"note": "call me at 0612"}, id="e1")
    rig.run()
    (trace,) = rig.said("decisions")
    assert "redacted" not in trace
    assert trace["input"]["event"]["properties"] == {"note": "call me at 0612"}


def test_a_large_trace_is_cut_and_its_decision_stands() -> None:
    rig = Rig(definitions=[JOURNEY])
    note = "n" * 700_000
    rig.put(WEB, START_AT, "began", properties={"note": note}, id="e1")
    rig.run()
    (trace,) = rig.said("decisions")
    assert trace["cut"] == 1
    assert trace["input"]["event"]["properties"]["note"] == note
    assert len(str(trace)) < len(note) + MOST_BYTES
    assert next(line["what"] for line in trace["lines"]) == "entered"
