"""docs/inbound.md: its file is one that serve reads, its messages are sound, its words and reasons are the code's."""

import json
import re
from pathlib import Path

from journeys.checks import check
from journeys.load import load_project
from streams.inbound.door import MOST_BYTES, MOST_IN_HAND
from streams.inbound.providers import Known, read_providers
from streams.inbound.words import word_of
from streams.links.machines import _known

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "inbound.md").read_text(encoding="utf-8")


def snippet(name: str) -> str:
    found = re.search(rf"`{re.escape(name)}`\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found, name
    return found[1]


def test_its_file_names_every_kind_and_is_read(tmp_path: Path) -> None:
    held = json.loads(snippet("inbound.json"))
    path = tmp_path / "inbound.json"
    path.write_text(snippet("inbound.json"))
    kinds = {each.__struct_config__.tag for each in Known.__args__}
    assert (
        {each["kind"] for each in held.values()}
        == kinds
        == set(re.findall(r"^\| `(\w+)` \| .* \| .* \|$", PAGE, re.M)) & kinds
    )
    assert read_providers(str(path)).keys() == held.keys()


def test_its_messages_are_tracked_and_lead_somewhere() -> None:
    spring = [f"messages/spring/{name}" for name in ("message.yaml", "email.txt", "email.html")]
    names = ("messages/tea/message.yaml", *spring)
    folder = load_project({**{name: snippet(name) for name in names}, "messages/tea/email.txt": "x"})
    assert folder.problems == []
    told = {str(fault).partition(": ")[2][:4] for fault in check(folder) if "spring" in fault.file}
    assert "J101" not in told and "J114" not in told
    assert f"at most {MOST_BYTES >> 20} MiB" in PAGE and f"{MOST_IN_HAND >> 20} MiB together" in PAGE
    tracking = folder.messages["tea"].head.tracking
    assert tracking is not None and tracking.clicks and tracking.opens and tracking.trap
    assert folder.messages["spring"].head.scan == "https://shop.example/spring"


def test_its_words_are_known() -> None:
    (words,) = re.findall(r"words\.json\) \((.*?) and others\)", PAGE)
    assert {word_of(word) for word in words.split(", ")} == {"stop"}


def test_its_reasons_are_those_of_the_code() -> None:
    named = {name.replace("_", "-") for name in _known().groupindex}
    assert {"google-image-proxy", "yahoo-proxy", "safe-links", "barracuda"} <= named
