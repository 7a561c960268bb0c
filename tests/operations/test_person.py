"""`sillage person`: a person on every topic is exported whole, and an erasure is proven only once it is through."""

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from jsonschema import Draft202012Validator
from operations.conftest import Sillage, put
from operations.test_inspect import customer

from channels.inapp import Item
from engine.customer import Contact, Customer
from engine.decision import Action, Call, CallErasure, Erasure, Task, TaskClosed, Trace
from state.changelog import marker_key
from state.codec import encode
from state.ledger import Entry, Status, consent_key, erased_key
from state.record import Record
from streams.broker.publish import Out
from streams.broker.topics import migrate
from streams.dispatch.channels import inbox_of
from streams.links.links import links_of
from streams.links.shelf import RedisShelf
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter
from streams.touchpoints.home import home
from streams.touchpoints.record import Row

HOUR = 3_600_000
FAR = 9_999_999_999_999
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
NAME = "zoë"
AT = home(NAME, 2)


def out(name: str, value: object) -> Out:
    return Out(name.encode(), msgspec.json.encode(value))


def told(key: str, status: Status, at: int = HOUR, code: str = "") -> Out:
    """An entry of the ledger."""
    return out(key, Entry(key, status, at, code))


def action(id_: str, who: str = NAME) -> Action:
    return Action(id_, who, "welcome", "v7", "e1", "s", "hello", "h", "email", "offers", recipient="new@x.example")


def store(settings: Settings) -> None:
    """Zoë has something everywhere, and Bob too, on the same partition."""
    found = customer("new@x.example")
    found.contacts = [Contact("a0", HOUR, "email", "offers", "welcome")]
    found.alarms = {"segment/lapsed": 4 * HOUR}
    record = Record(found)
    record.say("actions", AT, NAME.encode(), b'{"id": "a3"}', HOUR)
    put(settings, "state", AT, Out(marker_key("a"), b""), Out(NAME.encode(), encode(record, 0)))
    for who, number in ((NAME, "1"), ("bob", "2")):
        put(settings, "actions", AT, out(who, action(f"a{number}", who)))
        put(settings, "calls", AT, out(who, Call(f"k{number}", who, "j", "v", "e", "s", "score", within_at=FAR)))
        put(settings, "tasks", AT, out(who, Task(f"t{number}", who, "j", "v", "e", "s", "Ring", "agents", HOUR)))
        put(settings, "decisions", AT, out(who, Trace(f"d{number}", who, HOUR, 1, {})))
        put(settings, "dispatches", AT, told(f"a{number}", Status.RESERVED))
        put(settings, "dispatches", AT, told(consent_key(who, "offers", "email"), Status.WITHDRAWN))
        event = {"id": number, "type": "page.viewed", "customer": who, "properties": {"url": "/tea"}}
        # One without a key lies anywhere; one under another's key is whose it says.
        put(settings, "touchpoints.web", 1 - AT, Out(None, json.dumps(event).encode()), Out(b"bob", b"{}"))
        broken = Row(settings.topic("touchpoints.web"), AT, 7, HOUR, who.encode(), b'{"type": ')
        put(settings, "touchpoints.web.dead", AT, dead_letter(broken, "not_json", "it ends too early"))


def erased(settings: Settings) -> None:
    """What a worker and a dispatcher would write; positions are not committed, since neither runs."""
    put(settings, "state", AT, Out(NAME.encode(), encode(Record(Customer(NAME, "", 0, HOUR, erased_at=HOUR)), 0)))
    put(settings, "actions", AT, out(NAME, Erasure("x", NAME, HOUR)))
    put(settings, "calls", AT, out(NAME, CallErasure("x", NAME, HOUR)))
    put(settings, "tasks", AT, out(NAME, TaskClosed("tc", NAME, "t1", "cancelled", HOUR, "erased")))
    put(settings, "dispatches", AT, told(erased_key(NAME), Status.ERASED))


def checks(answer: Result) -> dict[str, bool]:
    assert answer.stdout, answer.output
    return {each["name"]: each["holds"] for each in json.loads(answer.stdout)["checks"]}


def test_all_that_is_kept_is_exported_and_nothing_of_others(house: Settings, sillage: Sillage, tmp_path: Path) -> None:
    store(house)
    path = tmp_path / "zoe.json"
    assert sillage("person", "export", NAME, "--out", str(path)).stdout.startswith(f"{path}: ")
    assert path.stat().st_mode & 0o077 == 0
    found: dict[str, Any] = json.loads(path.read_text())
    Draft202012Validator(json.loads((SCHEMAS / "person.schema.json").read_text())).validate(found)
    assert found["record"]["attributes"]["email"] == "new@x.example"
    answer = {"topic": "offers", "channel": "email", "given": True, "at": 2 * HOUR, "source": "form"}
    assert found["consents"] == [{**answer, "text_version": ""}]
    assert [each["at"] for each in found["timers"]] == [hours * HOUR for hours in (4, 5, 6, 8, 9)]
    assert [each["action"] for each in (*found["queued"], *found["contacts"])] == ["a1", "a0"]
    assert found["outbox"][0]["value"] == {"id": "a3"}
    for name, id_ in (("actions", "a1"), ("calls", "k1"), ("tasks", "t1"), ("decisions", "d1"), ("touchpoints", "1")):
        assert [each["value"]["id"] for each in found[name]] == [id_], name
    assert [(each["why"], each["value"]) for each in found["dead_letters"]] == [("it ends too early", '{"type": ')]
    assert [each["key"] for each in found["ledger"]] == ["a1", consent_key(NAME, "offers", "email")]
    read = {(each["topic"], each["partition"]): each["found"] for each in found["read"]}
    assert read[house.topic("touchpoints.web"), 1 - AT] == 1 and read[house.topic("emitted"), AT] == 0
    assert set(found["not_read"]) >= {"Redis", "providers"}
    assert "bob" not in json.dumps({name: part for name, part in found.items() if name != "read"})


def given_back(house: Settings) -> None:
    """The dispatcher gives one action back, has another that had waited in hand, and could not take all away."""
    put(house, "dispatches", AT, told("a1", Status.RELEASED, 2 * HOUR))
    put(house, "dispatches", AT, told(erased_key(NAME), Status.ERASED, 2 * HOUR, "not_forgotten links postal"))
    put(house, "actions.waiting.email", AT, out(NAME, action("a1")), out(NAME, action("a9")))
    put(house, "dispatches", AT, told("a9", Status.RESERVED, 2 * HOUR))


def with_links(house: Settings, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    """The settings with keys of links and a folder of letters, which the command has from now on."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"2026": "k" * 32}))
    keys.chmod(0o400)
    given = {"links_url": "https://m.example", "links_keys": str(keys), "postal": str(folder)}
    for name, value in given.items():
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", value)
    return house.model_copy(update=given)


async def written_to(settings: Settings) -> str:
    """Zoë was written to at her number; gives the hash of that."""
    links = links_of(settings)
    assert links is not None and links.shelf is not None
    reached = links.reached(msgspec.structs.replace(action("a1"), channel="sms", recipient="+33612345678"))
    assert reached is not None
    await links.shelf.keep({}, [reached])
    await links.close()
    return reached.address


async def found_at(settings: Settings, address: str) -> list[str]:
    shelf = RedisShelf(settings.redis, settings.prefix)
    try:
        return await shelf.reached([address])
    finally:
        await shelf.close()


async def lies_in_inbox(settings: Settings, who: str) -> None:
    inbox = inbox_of(settings)
    await inbox.put(who, Item("a1", "Hello", "It waits", at=HOUR), most=9, kept_ms=HOUR)
    await inbox.close()


def test_an_erasure_is_proven_piece_by_piece(
    house: Settings, sillage: Sillage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store(house)
    asyncio.run(lies_in_inbox(house, NAME))
    assert [each["title"] for each in json.loads(sillage("person", "export", NAME).stdout)["inbox"]] == ["Hello"]
    before = sillage("person", "erase", NAME, "--yes", "--timeout", "0", "--json", "--reason", "letter 12", code=1)
    assert checks(before) == dict.fromkeys(["record", "timers", "dispatch", "queue", "calls", "tasks"], False) | {
        "ledger": True,
        "suppression": True,
        "inbox": True,
    }
    published = sillage("person", "export", NAME).stdout
    assert json.loads(published)["inbox"] == []
    (event,) = [each for each in json.loads(published)["touchpoints"] if each["value"]["type"] == "customer.erased"]
    assert event["partition"] == AT and event["value"]["properties"] == {"reason": "letter 12"}
    erased(house)
    after = sillage("person", "erase", NAME, "--yes", "--timeout", "0", code=1).stdout
    assert "NOT proven" in after and "1 actions are reserved and not settled" in after
    assert "1 calls are not settled" in after and "waits until nothing of theirs is in the dispatcher's hands" in after
    # Given back, it is refused at its turn, once the dispatcher has nothing of theirs in hand; one that waits is not.
    given_back(house)
    waits = sillage("person", "erase", NAME, "--yes", "--timeout", "0", "--json", code=1)
    assert [name for name, holds in checks(waits).items() if not holds] == ["queue", "calls", "letters", "links"]
    assert "actions.waiting.email/" in waits.stdout
    put(house, "dispatches", AT, told("a9", Status.REFUSED, 3 * HOUR))
    address = asyncio.run(written_to(with_links(house, monkeypatch, tmp_path)))
    assert asyncio.run(found_at(house, address))
    last = sillage("person", "erase", NAME, "--yes", "--timeout", "0", "--json", code=1)
    Draft202012Validator(json.loads((SCHEMAS / "erasure.schema.json").read_text())).validate(json.loads(last.stdout))
    assert [name for name, holds in checks(last).items() if not holds] == ["calls"]
    assert "1 refused, 1 to be refused at their turn" in last.stdout and "1 taken away now" in last.stdout
    assert asyncio.run(found_at(house, address)) == []
    remains = {each["topic"].removeprefix(house.topic("")): each for each in json.loads(last.stdout)["remains"]}
    assert remains["state"]["records"] == 1 and remains["decisions"]["what"] == "traces, 0 of them redacted"
    day = 24 * HOUR
    assert 6 * day < remains["actions"]["until"] - json.loads(last.stdout)["at"] < 8 * day
    events = json.loads(sillage("person", "export", NAME).stdout)["touchpoints"]
    assert sum(each["value"]["type"] == "customer.erased" for each in events) == 1


def test_nobody_is_erased_or_exported_by_a_wrong_id(house: Settings, sillage: Sillage) -> None:
    assert "nothing is kept of them" in sillage("person", "erase", "zoe", "--yes", code=1).stderr
    assert "nothing is kept of them; read 0 records" in sillage("person", "export", "zoe", code=1).stderr
    assert "expected an id of UTF-8 text" in sillage("person", "export", "a\x1bb", code=1).stderr


PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\nsillage (person [^\n]+)\n```$", PAGE, re.MULTILINE)
SHOWN = re.search(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_page_run_and_print_what_it_shows(
    house: Settings, sillage: Sillage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    at = home("anna", 2)
    monkeypatch.setenv("SILLAGE_CONTEXT", "stock,prices,suppressed")
    migrate(house.model_copy(update={"context": "stock,prices,suppressed"}))
    put(house, "state", at, Out(marker_key("a"), b""), Out(b"anna", encode(Record(Customer("anna", "", 1)), 0)))
    put(house, "actions", at, out("anna", action("a1", "anna")), out("anna", Erasure("x", "anna", HOUR)))
    task = Task("t1", "anna", "j", "v", "e", "s", "Ring", "agents", HOUR)
    closed = TaskClosed("tc", "anna", "t1", "cancelled", HOUR, "erased")
    put(house, "tasks", at, out("anna", task), out("anna", closed))
    put(house, "dispatches", at, told("a1", Status.REFUSED), told(erased_key("anna"), Status.ERASED, code="forgotten"))
    export, erase = (shlex.split(each) for each in COMMANDS)
    assert sillage(*export).stdout == "anna.json: 7 records of anna; personal data\n"
    put(house, "state", at, Out(b"anna", encode(Record(Customer("anna", "", 0, HOUR, erased_at=HOUR)), 0)))
    printed = sillage(*erase).stdout.replace(house.prefix, "sillage").replace(f"actions/{at}/", "actions/0/")
    assert SHOWN is not None
    assert re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "AT", printed) == SHOWN[1]
