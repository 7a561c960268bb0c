"""Worker and dispatcher through good days and bad ones: their logs hold nobody's data and no secret, and parse."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from breakable import FOLDER, House, event, killed
from observing.conftest import PASSWORD
from waiting import until

from journeys.load import load_project
from local.hooks import Hooks
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.observing.customers import hasher
from streams.touchpoints.home import home

CUSTOMER, ADDRESS, PHONE, NAME, VALUE = "zoe-7731", "zoe.q@inbox.example", "+33699887766", "Zoelie", "Kirschkern"
KEY = "a key that nobody guesses"
MARKS = (CUSTOMER, ADDRESS, "zoe.q", PHONE, "99887766", NAME, VALUE, KEY, PASSWORD, "Sesam", "Nelke")
JOURNEYS = {
    "journeys/rescue.yaml": "journey: rescue\ntopic: service\nttl: 1d\nenter: {on: basket.saved, again: always}\n"
    "steps:\n  - send: rescued\n",
    "journeys/broken.yaml": "journey: broken\ntopic: service\nttl: 1d\nenter: {on: note.left, again: always}\n"
    "steps:\n  - send: broken\n    channel: email\n",
    "messages/rescued/message.yaml": "class: service\n",
    "messages/rescued/webhook.yaml": "to: crm\ntype: basket.rescued\ndata: {basket: '{{ event.note }}'}\n",
    "messages/broken/message.yaml": "class: service\nsubject: Broken\n",
    "messages/broken/email.txt": "{{ event.list | compact: event.note }}",
    "messages/thanks/email.txt": "Thanks, {{ customer.first_name }}, for {{ event.note }}.",
}
BROKEN = [
    b'{"type": "order.placed", "customer": "%s", "properties": {"note": "%s"' % (CUSTOMER.encode(), VALUE.encode()),
    json.dumps({"type": "order.placed", "customer": CUSTOMER, "occurred_at": VALUE}).encode(),
    json.dumps({"type": "consent.changed", "customer": CUSTOMER, "properties": {"topic": VALUE}}).encode(),
    VALUE.encode(),
]


def concerned(n: int, type_: str, **properties: object) -> Out:
    """A touchpoint of the marked customer, with a marked value."""
    return event(CUSTOMER, type_, n, note=VALUE, list=[VALUE], **properties)


async def deployed(house: House) -> None:
    await asyncio.to_thread(migrate, house.settings)
    await deploy(house.settings, load_project({**FOLDER, **JOURNEYS}), time.time_ns() // 1_000_000, "test")


async def write(house: House, topic: str, *values: bytes) -> None:
    """Marked bytes where records of ours should be."""
    publisher = KafkaPublisher(house.settings.kafka)
    await publisher.start()
    outs = [Out(f"{CUSTOMER}-{n}".encode(), value) for n, value in enumerate(values)]
    partition = 0 if topic.startswith("context") else home(CUSTOMER, house.settings.partitions)
    await publisher.append(house.settings.topic(topic), partition, outs)
    await publisher.stop()


def about(log: str, words: str) -> list[dict[str, Any]]:
    """What the lines with these words are about, of either form."""
    found = []
    for line in log.splitlines():
        if words in line and line.startswith("{"):
            found.append(json.loads(line))
        elif words in line and line.endswith("]"):
            found.append(dict(pair.split("=", 1) for pair in line.rpartition(" [")[2][:-1].split()))
    return found


async def lived(house: House, hooks: Hooks) -> None:
    """What befalls the customer: a mail, a call that is refused, mails that are, and what cannot be read or written."""
    house.start()
    told = {"email": ADDRESS, "phone": PHONE, "first_name": NAME}
    await house.publish([
        event(CUSTOMER, "customer.updated", set=told),
        event(CUSTOMER, "consent.changed", topic="offers", channel="email", given=True),
        concerned(0, "order.placed"),
    ])  # fmt: skip
    await until(lambda: house.mailbox.mails, 60)
    hooks.answer = 410
    box: Any = house.mailbox
    box.data_answers[ADDRESS] = f"550 5.7.1 <{ADDRESS}> {NAME}: {VALUE} refused"
    await house.publish([concerned(0, "basket.saved"), concerned(0, "note.left"), concerned(1, "order.placed")])
    await write(house, "touchpoints.web", *BROKEN)
    await write(house, "actions", json.dumps({"kind": VALUE, "customer": CUSTOMER}).encode(), VALUE.encode())
    await write(house, "context.places", json.dumps({"id": CUSTOMER, "lat": VALUE}).encode())
    await house.publish([
        event(CUSTOMER, "customer.updated", n, set={f"note{n}": VALUE * 90_000}) for n in range(1, 10)
    ])  # fmt: skip
    await until(lambda: "larger than a record" in house.worker.log, 60)
    await until(lambda: len(about(house.dispatcher.log, "message failed")) == 3, 60)
    await until(lambda: house.dispatcher.log.count("cannot be processed") == 2, 60)
    await until(lambda: house.worker.log.count("cannot be processed") == len(BROKEN), 60)
    box.data_answers[ADDRESS] = f"450 <{ADDRESS}> {NAME} later"
    await house.publish([concerned(2, "order.placed")])
    await until(lambda: "smtp_450" in house.dispatcher.log, 60)
    del box.data_answers[ADDRESS]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_log_holds_data_or_secrets(make_house: Callable[..., House], hooks: Hooks, form: str) -> None:
    house = make_house(log=form, log_level="debug", log_key=KEY)
    await deployed(house)
    await write(house, "dispatches", json.dumps({"key": CUSTOMER, "status": VALUE, "at": 1}).encode(), VALUE.encode())
    await lived(house, hooks)
    with killed(house.redis):
        await house.publish([concerned(3, "order.placed")])
        await until(lambda: "only critical messages leave" in house.dispatcher.log, 60)
    await until(lambda: "Redis answers the ledger again" in house.dispatcher.log, 60)
    await until(lambda: len(house.mailbox.mails) >= 3, 60)
    assert house.worker.stop() == 0
    assert house.dispatcher.stop() == 0

    logs = house.worker.log + house.dispatcher.log
    marks = [*MARKS, quote(PASSWORD, safe=""), hooks.secret, hooks.secret.removeprefix("whsec_")]
    assert [mark for mark in marks if mark in logs] == []
    assert "Traceback" not in logs
    hashed = hasher(house.settings)(CUSTOMER)
    failed = about(house.dispatcher.log, "message failed")
    assert {(each["customer"], each["journey"], each["channel"], each["code"]) for each in failed} == {
        (hashed, "rescue", "webhook", "webhook_410"),
        (hashed, "broken", "email", "template"),
        (hashed, "thanks", "email", "smtp_550_5.7.1"),
    }
    assert all(each["step"] and each["action"] for each in failed)
    assert {each["customer"] for each in about(house.dispatcher.log, "message sent")} == {hashed}
    (large, *_) = about(house.worker.log, "larger than a record")
    assert (large["customer"], large["event_type"]) == (hashed, "customer.updated")
    assert {each["code"] for each in about(house.worker.log, "cannot be processed")} >= {"malformed", "bad_instant"}
    if form == "json":
        lines = [json.loads(line) for line in logs.splitlines()]
        assert {line["role"] for line in lines} == {"worker", "dispatcher"}
        assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_last_word_of_a_process_has_its_form(make_house: Callable[..., House], form: str) -> None:
    house = make_house(log=form, kafka="127.0.0.1:1")
    assert house.dispatcher.start().ended(60) == 1
    (last,) = house.dispatcher.log.splitlines()
    reason = json.loads(last)["message"] if form == "json" else last.removeprefix("Error: ")
    assert reason.startswith("kafka 127.0.0.1:1: no broker answers")


@pytest.mark.slow
@pytest.mark.parametrize("url", [f"smtp://joe:{PASSWORD}", f"joe:{PASSWORD}@host", f"smtpx://joe:{PASSWORD}@host"])
async def test_a_wrong_url_is_shown_without_its_password(make_house: Callable[..., House], url: str) -> None:
    house = make_house()
    house.dispatcher.settings.smtp = url
    assert house.dispatcher.start().ended(60) == 1
    assert house.dispatcher.log.startswith("Error: SILLAGE_SMTP=")
    assert not [part for part in ("Sesam", "Zimt") if part in house.dispatcher.log]
