"""docs/channels.md: its accounts are read, its messages pass check and render, its codes mean what it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Away, Permanent, Transient
from channels.sms import sms_channel
from channels.twilio import _verdict as of_twilio
from channels.webhook import read_endpoints
from channels.whatsapp import _verdict as of_meta
from channels.whatsapp import whatsapp_channel
from journeys.checks import check
from journeys.load import load_project
from journeys.messages.render import render

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
ACCOUNTS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
FILES = {
    **{
        f"messages/{name}/message.yaml": "title: A\n"
        for name in re.findall(r"^`messages/([a-z-]+)/", PAGE, re.MULTILINE)
    },
    **dict(re.findall(r"^`(messages/[^`]+)`\n\n```(?:yaml|liquid)\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)),
}
VALUES = {"customer": {"first_name": "Ann", "whatsapp_replied_at": 5}, "event": {"order": "A17"}}


def rows(section: str) -> list[tuple[list[int], str]]:
    """The codes of three digits and more that each row of a section's table names first, and what becomes of them."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    found = [line.split("|") for line in text.splitlines() if line.startswith("| ") and "answers" not in line]
    return [([int(each) for each in re.findall(r"\b\d{5,6}\b", row[1])], row[3]) for row in found]


@pytest.mark.parametrize("text", ACCOUNTS)
def test_an_account_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(text)
    told: dict[str, Any] = json.loads(text)
    read = sms_channel if "kind" in told else whatsapp_channel if "phone_id" in told else read_endpoints
    assert read(path)


def test_its_messages_pass_check_and_render() -> None:
    folder = load_project(FILES)
    assert check(folder) == []
    shown = {name: render(message, message.channels[0], VALUES) for name, message in folder.messages.items()}
    assert shown["table-ready"].segments == 1
    assert shown["order-ready"].data == {"body.1": "Ann", "body.2": "A17", "button.0": "A17"}
    assert (shown["on-our-way"].text, shown["on-our-way"].until) == ("We are on our way, Ann.", 5 + 24 * 3600 * 1000)


@pytest.mark.parametrize(("section", "verdict"), [("SMS", of_twilio), ("WhatsApp", of_meta)])
def test_codes_mean_what_the_page_says(section: str, verdict: Any) -> None:
    seen = 0
    for codes, becomes in rows(section):
        for code in codes:
            kind = Permanent if becomes.strip().startswith("failed") else Transient if "six times" in becomes else Away
            assert type(verdict(400, code, None)) is kind, code
            seen += 1
    assert seen >= 14
