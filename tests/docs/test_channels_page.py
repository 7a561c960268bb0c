"""docs/channels.md: its accounts are read, its messages pass check and render, its codes mean what it says."""

import json
import re
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import dkim
import pytest
from aiosmtplib import SMTPResponseException
from onelife import Life, journey_of
from ruamel.yaml import YAML

from channels.apprise import apprise_channel
from channels.channel import Away, Declined, Outgoing, Permanent, Transient
from channels.crm import crm_channel
from channels.dkim import read_dkim
from channels.hubspot import _verdict as hubspot_verdict
from channels.replies import verdict
from channels.salesforce import _verdict as salesforce_verdict
from channels.sms import sms_channel
from channels.twilio import _verdict as of_twilio
from channels.upsert import Answer, Upsert, upsert_of
from channels.webhook import read_endpoints
from channels.webpush import webpush_channel
from channels.whatsapp import _verdict as of_meta
from channels.whatsapp import whatsapp_channel
from engine.customer import Consent
from journeys.checks import check
from journeys.load import load_project
from journeys.messages.render import render
from local.crm import HUBSPOT, SALESFORCE
from streams.links.apptokens import AppKeys
from streams.links.openapi import openapi

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
ACCOUNTS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
FILES = {
    **{
        f"messages/{name}/message.yaml": "title: A\n"
        for name in re.findall(r"^`messages/([a-z-]+)/", PAGE, re.MULTILINE)
    },
    **dict(re.findall(r"^`(messages/[^`]+)`\n\n```(?:yaml|liquid)\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)),
}
VALUES = {
    "customer": {"first_name": "Ann", "whatsapp_replied_at": 5, "email": "ann@x.example"},
    "event": {"order": "A17"},
    "scan_url": "https://l.example/q/7Yk",
}


def rows(section: str) -> list[tuple[list[int], str]]:
    """The codes of three digits and more that each row of a section's table names first, and what becomes of them."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    found = [line.split("|") for line in text.splitlines() if line.startswith("| ") and "answers" not in line]
    return [([int(each) for each in re.findall(r"\b\d{5,6}\b", row[1])], row[3]) for row in found]


def signing(folder: Path) -> str:
    """What the page's commands for DKIM say, run in the folder, which has the keys then."""
    commands = re.search(r"```sh\n(openssl.*?)```", PAGE, re.DOTALL)
    assert commands
    ran = subprocess.run(["bash", "-ec", commands[1]], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout


def test_its_keys_sign_and_its_records_verify(tmp_path: Path) -> None:
    records = dict(line.split(" TXT ") for line in signing(tmp_path).splitlines())
    path = tmp_path / "dkim.json"
    path.write_text(next(text for text in ACCOUNTS if "dkim" in text))
    mail = b"From: hello@news.shop.example\r\nList-Unsubscribe-Post: a\r\n\r\nHello\r\n"
    signed = read_dkim(path, "hello@shop.example").signed(mail, "news.shop.example", 1e9)

    def dns(name: bytes, timeout: int = 5) -> bytes:
        return records[name.decode().rstrip(".")].encode()

    assert [dkim.DKIM(signed).verify(idx=at, dnsfunc=dns) for at in (0, 1)] == [True, True]


def test_replies_of_mail_servers_mean_what_the_page_says() -> None:
    text = PAGE.partition("## E-mail\n")[2].partition("\n### ")[0]
    for line in (line for line in text.splitlines() if re.match(r"\| (5xx with|421|454)", line)):
        _, told, _, becomes, _ = line.split("|")
        statuses, codes = re.findall(r"\b[45]\.\d+\.\d+", told), re.findall(r"\b\d{3}\b", told)
        assert statuses or codes
        for code, status in [(f"{each[0]}50", each) for each in statuses] + [(each, "") for each in codes]:
            fault = verdict(SMTPResponseException(int(code), f"{status} no"))
            assert isinstance(fault, Away if "until" in becomes else Permanent), (code, status)
            assert getattr(fault, "dead_address", False) is ("dead" in becomes)


@pytest.mark.parametrize("text", ACCOUNTS)
def test_an_account_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(text)
    told: dict[str, Any] = json.loads(text)
    read: Any = sms_channel if "kind" in told else whatsapp_channel if "phone_id" in told else read_endpoints
    if "contact" in told:
        read = partial(webpush_channel, now=time.time)
    if "ops" in told:
        read = apprise_channel
    if "shop.example" in told:
        signing(tmp_path)
        read = partial(read_dkim, sender="hello@shop.example")
    if any(isinstance(each, dict) and "kind" in each for each in told.values()):
        read = crm_channel
    assert read(path)


def test_its_messages_pass_check_and_render() -> None:
    folder = load_project(FILES)
    assert check(folder) == []
    shown = {name: render(message, message.channels[0], VALUES) for name, message in folder.messages.items()}
    assert shown["table-ready"].segments == 1
    assert shown["order-ready"].data == {"body.1": "Ann", "body.2": "A17", "button.0": "A17"}
    assert (shown["on-our-way"].text, shown["on-our-way"].until) == ("We are on our way, Ann.", 5 + 24 * 3600 * 1000)


def test_what_it_says_of_letters_inboxes_and_records_is_what_is_sent() -> None:
    folder = load_project(FILES)
    letter, points, record = (
        render(folder.messages[name], channel, VALUES)
        for name, channel in (("voucher-letter", "postal"), ("points", "inapp"), ("won-back", "crm"))
    )
    assert (letter.template, letter.data["code"]) == ("voucher-2026", "https://l.example/q/7Yk")
    assert (points.text, points.shown_ms) == ("You have 0 points.", 14 * 24 * 3_600_000)
    asked = upsert_of(Outgoing("a1", "marketing", record, ""))
    assert asked == Upsert("contacts", "email", "ann@x.example", {"lifecyclestage": "customer"})


def test_codes_of_crms_mean_what_the_page_says() -> None:
    text = PAGE.partition("## CRM\n")[2].partition("\n## ")[0]
    seen = 0
    for line in text.splitlines():
        becomes = line.split("|")[3] if line.startswith("| ") and "answers" not in line else ""
        for code in re.findall(r"`([A-Z_]{5,})`", line.split("|")[1]) if becomes else ():
            fails = "failed" in becomes and "login" not in becomes
            kinds = {Permanent} if fails else {Transient, Declined} if "six" in becomes else {Away}
            wanted = [of_hubspot(code), of_salesforce(code)]
            assert kinds & {type(each) for each in wanted if each is not None}, code
            seen += 1
    assert seen >= 15


def of_hubspot(code: str) -> Exception | None:
    if code not in HUBSPOT:
        return None
    status, category, _ = HUBSPOT[code]
    return hubspot_verdict(Answer(status, {"category": category, "policyName": code}, None))


def of_salesforce(code: str) -> Exception | None:
    if code not in SALESFORCE:
        return None
    return salesforce_verdict(Answer(SALESFORCE[code][0], [{"errorCode": code}], None))


@pytest.mark.parametrize(("section", "verdict"), [("SMS", of_twilio), ("WhatsApp", of_meta)])
def test_codes_mean_what_the_page_says(section: str, verdict: Any) -> None:
    seen = 0
    for codes, becomes in rows(section):
        for code in codes:
            fails = becomes.strip().startswith("failed")
            kinds = {Permanent} if fails else {Transient, Declined} if "six times" in becomes else {Away}
            assert type(verdict(400, code, None)) in kinds, code
            seen += 1
    assert seen >= 14


def test_the_token_and_the_journey_of_an_inbox_are_as_written() -> None:
    text = PAGE.partition("### The app over HTTP\n")[2].partition("\n### ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (steps,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    app: dict[str, Any] = {}
    exec(code, app)
    made = app["token"]("c42", "2026", "s" * 32)
    assert AppKeys({"2026": "s" * 32}).customer(made, int(time.time() * 1000)) == "c42"
    life = Life(journey_of(steps=YAML(typ="safe").load(steps)["steps"]))
    life.customer.consent["offers/inapp"] = Consent(True, 0)
    life.event("began")
    life.receipt("message.dismissed")
    assert life.outcomes() == ["not-wanted"]


def test_the_codes_of_an_inbox_are_those_that_are_described() -> None:
    text = PAGE.partition("### The app over HTTP\n")[2].partition("\n### ")[0]
    told = {code for row in text.splitlines() if row[2:3].isdigit()
            for code in re.findall(r"`([a-z]+_?[a-z]+)`", row.split("|")[1])}  # fmt: skip
    described = " ".join(answer["description"] for way in openapi()["paths"]["/inbox"].values()
                         for answer in way["responses"].values()) + "`no_message`"  # fmt: skip
    assert told - {"code", "read"} == set(re.findall(r"`((?:token|bad|no)_[a-z]+|later)`", described))
