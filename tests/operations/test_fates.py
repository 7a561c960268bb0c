"""`sillage dead list --unresolved`: what the ledger's log leaves open, whatever the order in which it was written."""

import json

import msgspec
from operations.conftest import Sillage, put

from engine.decision import Action
from state.ledger import Entry, Status
from streams.broker.publish import Out
from streams.settings import Settings

STORIES = {
    "sent": [Status.RESERVED, Status.SENT],
    "lost": [Status.RESERVED, Status.UNRESOLVED],
    "found": [Status.RESERVED, Status.UNRESOLVED, Status.SENT],
    "late": [Status.RESERVED, Status.SENT, Status.UNRESOLVED],
    "held": [Status.RESERVED],
    "given": [Status.RESERVED, Status.RELEASED],
    "again": [Status.RESERVED, Status.RELEASED, Status.RESERVED, Status.UNRESOLVED],
    "failed": [Status.RESERVED, Status.FAILED],
}
OPEN = {"lost": "unresolved", "held": "reserved", "again": "unresolved"}


def test_what_is_open_is_listed_with_who_and_what(house: Settings, sillage: Sillage) -> None:
    assert "the fate of every action is known" in sillage("dead", "list", "--unresolved").stderr
    outs = [
        Out(key.encode(), msgspec.json.encode(Entry(key, status, 1000 * number + 1, class_="marketing")))
        for key, story in STORIES.items()
        for number, status in enumerate(story)
    ]
    put(house, "dispatches", 1, *outs, Out(b"void/x", msgspec.json.encode(Entry("void/x", Status.VOID, 5))))
    action = Action("lost", "c\x1b1", "welcome", "v1", "e1", "s1", "hello", "h", "email", "offers")
    put(house, "actions", 1, Out(b"c1", msgspec.json.encode(action)))
    found = [json.loads(line) for line in sillage("dead", "list", "--unresolved", "--json").stdout.splitlines()]
    assert {each["action"]: each["status"] for each in found} == OPEN
    lost = next(each for each in found if each["action"] == "lost")
    assert (lost["customer"], lost["journey"], lost["channel"], lost["at"]) == ("c\x1b1", "welcome", "email", 1001)
    table = sillage("dead", "list", "--unresolved").stdout
    assert r"c\x1b1" in table and "welcome" in table and "\x1b" not in table
