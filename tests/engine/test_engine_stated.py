"""Facts in a life: what is still to come waits or is refused, what is over is refused, here and at the dispatcher."""

from dataclasses import replace

import pytest
from dispatching import HELLO, action

from engine.decision import Action, Trace
from journeys.load import load_project
from state.ledger import Status
from streams.dispatch.errand import Errand, Patience
from streams.dispatch.lastchecks import LastChecks
from streams.driver import Driver, catalog_of

BEGINS_AT = 1_772_319_600_000  # 2026-03-01T00:00 in Paris
ENDS_AT = 1_774_994_400_000  # 2026-04-01T00:00 there
HOUR = 3_600_000
Lived = tuple[list[int], list[str]]
FILES = {
    "project.yaml": "zone: Europe/Paris\nbrand: lumiere\n",
    "brands/lumiere.yaml": "brand: lumiere\nfacts: {march: {percent: 10, from: 2026-03-01, until: 2026-03-31}}\n"
    "content_policy: [{forbid: alcohol, unless: customer.age >= 18}]\n",
    "messages/hi/email.txt": "Until the end of March.",
    "journeys/j.yaml": "journey: j\ntopic: offers\nttl: 90d\nenter: {on: began}\nsteps:\n  - send: hi\n",
}


def lived(at: int, hours: int = 0, head: str = "subject: '{{ facts.march.percent }} % off'\n") -> Lived:
    """When the message left (ms), and the codes of the refusals, of somebody who enters at an instant."""
    files = {**FILES, "messages/hi/message.yaml": head}
    driver = Driver(catalog_of(load_project(files)), at)
    driver.event("consent.changed", "a", {"topic": "offers", "channel": "email", "given": True})
    driver.event("customer.updated", "a", {"set": {"email": "a@shop.example"}})
    driver.event("began", "a")
    driver.advance(at + hours * HOUR)
    read = driver.read()
    lines = [line for each in read if isinstance(each, Trace) for line in each.lines]
    sent = [each.decided_at for each in read if isinstance(each, Action)]
    return sent, [line.code for line in lines if line.what in ("refused", "deferred", "dropped")]


@pytest.mark.parametrize(
    ("at", "hours", "wanted"),
    [
        (BEGINS_AT, 0, ([BEGINS_AT], [])),
        (ENDS_AT - 1, 0, ([ENDS_AT - 1], [])),
        (ENDS_AT, 24, ([], ["facts_expired"])),
        (BEGINS_AT - HOUR, 0, ([], ["facts_early", "facts_early"])),
        (BEGINS_AT - HOUR, 1, ([BEGINS_AT], ["facts_early", "facts_early"])),
        (BEGINS_AT - 13 * HOUR, 24, ([], ["facts_early", "late"])),
    ],
)
def test_a_message_leaves_while_its_facts_are_true(at: int, hours: int, wanted: Lived) -> None:
    assert lived(at, hours) == wanted


def test_facts_that_it_does_not_name_do_not_stop_a_message() -> None:
    assert lived(ENDS_AT + HOUR, head="subject: Hello\n") == ([ENDS_AT + HOUR], [])


def test_no_class_is_above_what_is_true() -> None:
    head = "class: critical\nsubject: '{{ facts.march.percent }} % off'\n"
    assert lived(ENDS_AT, head=head) == ([], ["facts_expired"])


def test_a_journey_without_a_brand_has_the_content_policy_of_the_projects() -> None:
    assert lived(BEGINS_AT, head="subject: Hello\ncategories: [alcohol]\n") == ([], ["content"])


@pytest.mark.parametrize(
    ("now", "decided_at", "by_event", "verdict"),
    [
        (ENDS_AT - 1, 1, False, None),
        (ENDS_AT, 1, False, (Status.REFUSED, "facts_expired")),
        (ENDS_AT, ENDS_AT - 1, True, None),
        (1, ENDS_AT, True, (Status.REFUSED, "facts_expired")),
    ],
)
def test_the_dispatcher_looks_once_more(
    now: int, decided_at: int, by_event: bool, verdict: tuple[Status, str] | None
) -> None:
    message = replace(HELLO, until=ENDS_AT)
    checks = LastChecks({"email"}, lambda _: message, lambda: now, Patience(), by_event=by_event)
    errand = Errand(action(decided_at=decided_at), now, now, now, "t")
    for _ in range(2):
        # A later try has the message rendered already.
        assert checks.ready(errand)
        assert errand.verdict == verdict
