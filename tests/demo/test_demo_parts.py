"""The parts of the demo, each by itself: touchpoints, processes kept alive, views, and the lines of what left."""

import asyncio
import io
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from waiting import until

from cli.demo import demo
from engine.decision import Action
from engine.event import Event
from local.demo.outcome import summary, write_actions
from local.demo.page import last, letters, line, page
from local.demo.processes import MOST_DEATHS, DemoError, Kept
from local.demo.progress import Progress
from local.demo.touchpoints import clock_record, iso, touchpoints
from local.demo.view import LiveView, PlainView
from local.mailbox import Mail
from local.orders.facts import Order, Orders
from streams.driver import Row
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.home import home

ORDERS = Orders(
    [
        Order("1", 1_300_000_020_000, "77", 2, 9.5, False, 0),
        Order("C2", 1_300_000_080_000, "78", 1, -3.0, True, 1),
    ],
    1_300_000_100_000,
)
SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]
LETTER = b"To: c77@shop.example\r\nSubject: Hello\r\nContent-Type: text/plain\r\n\r\nThank you.\r\n"


def action(name: str, decided_at: int, received_at: int = 1) -> Action:
    return Action(name, "77", "win-back", "v", "e", "we-miss-you", "we-miss-you", "h", "email", "offers",
                  decided_at=decided_at, received_at=received_at)  # fmt: skip


def decoded(value: bytes | None, topic: str = "touchpoints.web") -> Event:
    row = Row(topic, 0, 0, 1_700_000_000_000, None, value)
    found = Decoder(topic, topic.removeprefix("touchpoints."), lambda: 0).decode(row)
    assert isinstance(found, Event)
    return found


def test_addresses_and_consent_come_before_the_first_order_and_all_go_home() -> None:
    sent = list(touchpoints(ORDERS, 4))
    events = [decoded(each.out.value) for each in sent]
    assert [(event.type, event.customer) for event in events] == [
        ("customer.updated", "77"),
        ("consent.changed", "77"),
        ("customer.updated", "78"),
        ("consent.changed", "78"),
        ("order.placed", "77"),
        ("order.cancelled", "78"),
    ]
    assert all(event.occurred_at < ORDERS.orders[0].at for event in events[:4])
    assert [event.occurred_at for event in events[4:]] == [order.at for order in ORDERS.orders]
    assert (events[4].id, events[4].properties) == ("1", {"invoice": "1", "lines": 2, "total": 9.5})
    assert events[0].properties["set"] == {"email": "c77@shop.example"}
    assert all(each.partition == home(event.customer, 4) for each, event in zip(sent, events, strict=True))
    assert all(each.out.key == event.customer.encode() for each, event in zip(sent, events, strict=True))


def test_the_last_tick_is_a_clock_that_needs_nobody() -> None:
    event = decoded(clock_record(ORDERS.ends_at).value, "ticks")
    assert (event.type, event.properties["at"]) == ("sillage.clock", ORDERS.ends_at)


async def test_a_process_that_dies_is_started_again_and_stopped_at_the_end(tmp_path: Path) -> None:
    progress = Progress()
    kept = Kept("sleeper", SLEEPER, {}, tmp_path, progress)
    keeping = asyncio.create_task(kept.keep())
    await until(lambda: "awake" in kept.tail())
    os.kill(int(progress.notes[-1].split()[-1]), signal.SIGKILL)
    await until(lambda: progress.restarts == 1 and progress.notes[-1].startswith("sleeper is process"))
    assert "the sleeper died (signal SIGKILL), started again" in progress.notes
    keeping.cancel()
    await kept.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(int(progress.notes[-1].split()[-1]), 0)


async def test_a_process_that_dies_again_and_again_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no broker here')"]
    with pytest.raises(DemoError, match=f"died {MOST_DEATHS} times, last with exit code 1") as caught:
        await Kept("worker", command, {}, tmp_path, Progress()).keep()
    assert "no broker here" in str(caught.value)


def test_what_left_is_written_once_sorted_and_to_the_second(tmp_path: Path) -> None:
    progress = Progress()
    for each in (action("b", 1_300_000_020_000), action("a", 1_300_000_020_000), action("c", 1_200_000_000_000)):
        progress.add(each, 12)
        progress.add(each, 5_000)
    progress.confirmed = {"a", "c"}
    write_actions(progress, tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["c", "a"]
    assert lines[0] == {
        "id": "c",
        "customer": "77",
        "journey": "win-back",
        "step": "we-miss-you",
        "channel": "email",
        "decided_at": "2008-01-10T21:20:00Z",
    }
    assert progress.latency_ms(0.99) == 12
    assert progress.unsettled == 1


def replayed() -> Progress:
    progress = Progress(phase="replaying", total=6, customers=2, published=6, applied=6, instant_at=ORDERS.ends_at)
    progress.add(action("a", 1), 12)
    progress.confirmed.add("a")
    progress.receive(Mail("shop@example", ("c77@shop.example",), LETTER))
    return progress


def test_plain_lines_tell_progress_mails_and_summary() -> None:
    lines: list[str] = []
    progress = replayed()
    progress.notes.append("worker is process 1")
    with PlainView(lines.append, line, letters) as view:
        view.show(progress)
        view.end(progress, summary(ORDERS, progress))
    text = "\n".join(lines)
    assert lines[0] == "worker is process 1"
    assert lines.count("worker is process 1") == 1
    assert (
        f"replaying: 6 of 6 applied (0/s) up to {iso(ORDERS.ends_at)[:10]}; event to action p50 12 ms, p99 12 ms"
        in text
    )
    assert "To: c77@shop.example\nSubject: Hello\n\nThank you." in text
    assert "2 invoices of 2 customers, 2011-03-13 to 2011-03-13" in text
    assert "1 left, 1 received" in text


def test_the_live_page_shows_the_same() -> None:
    screen = io.StringIO()
    progress = replayed()
    with LiveView(Console(file=screen, force_terminal=True, width=120), page, last) as view:
        view.show(progress)
        view.end(progress, summary(ORDERS, progress))
    text = screen.getvalue()
    assert "win-back 1" in text
    assert "c77@shop.example: Hello" in text
    assert "Thank you." in text
    assert "summary" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--orders", "absent.csv"], "absent.csv"),
        (["--orders", __file__, "--plain"], "the header is"),
        (["--actions-out", "absent/out.jsonl"], "there is no folder"),
    ],
)
def test_a_demo_that_cannot_begin_says_why(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(demo, arguments)
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output
