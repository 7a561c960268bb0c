"""What a line of the log says and hides: forms, hashes, faults, logins, addresses, floods, and what nobody catches."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cli.hash import hash_
from cli.settings import load_settings
from engine.decision import Output
from journeys.messages.template import TemplateFault, parse
from state.ledger import LedgerAway
from streams.broker.publish import PublishError
from streams.observing import logs
from streams.observing.customers import hasher
from streams.observing.faults import said, traced
from streams.observing.logs import MOST_A_MINUTE, Discreet, Json, Sparing, Text, about, configure, redacted, secrets_of
from streams.settings import Settings
from streams.touchpoints.record import RefusalError

MARK = "Zoe-Quint"


@pytest.fixture
def process_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever `configure` sets is as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    rooms = {room: logging.getLogger(room).level for room in ("sillage", *logs.OURS)}
    for owner, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.setattr(logs, "_hashed", logs._hashed)
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for room, before in rooms.items():
        logging.getLogger(room).setLevel(before)


def line(
    message: object, *args: object, name: str = "streams.room", fault: Exception | None = None, **extra: object
) -> logging.LogRecord:
    given = (type(fault), fault, fault.__traceback__) if fault is not None else None
    record = logging.LogRecord(name, logging.WARNING, "file", 1, message, args, given)  # type: ignore[arg-type]
    vars(record).update(extra)
    assert Discreet().filter(record)
    return record


def raised(raising: object) -> Exception:
    try:
        raising()  # type: ignore[operator]
    except Exception as fault:
        return fault
    raise AssertionError("nothing was raised")


def test_a_line_of_json_is_an_object_with_what_it_is_about() -> None:
    told = about(MARK, "o-1", "order.placed", journey="thanks", step="s1", partition=0, code="")
    found = json.loads(Json("worker").format(line("a %s\nof lines", "pair", **told)))
    assert found.pop("time").endswith("Z")
    assert len(found.pop("customer")) == 16
    assert set(found) == {
        "level", "logger", "role", "message", "event", "event_type", "journey", "step", "partition"
    }  # fmt: skip
    assert (found["message"], found["role"], found["partition"]) == ("a pair\nof lines", "worker", 0)
    assert MARK not in json.dumps(told)


def test_a_line_of_text_names_what_it_is_about_in_brackets() -> None:
    found = Text().format(line("sent", **about(journey="thanks", partition=0)))
    assert found.endswith("WARNING streams.room: sent [journey=thanks partition=0]")


def test_a_hash_depends_on_the_key_else_on_the_prefix() -> None:
    keyed = [Settings(prefix=prefix, log_key=key) for prefix in ("a", "b") for key in ("", "k1", "k2")]
    found = [hasher(settings)("c42") for settings in keyed]
    assert len(set(found)) == 4
    assert found[1] == found[4]
    assert all(len(each) == 16 for each in found)


def test_the_command_gives_the_hash_of_the_logs(
    monkeypatch: pytest.MonkeyPatch, process_log: None, tmp_path: Path
) -> None:
    for name, value in (("LOG_KEY", "k1"), ("DATA", str(tmp_path))):
        monkeypatch.setenv(f"SILLAGE_{name}", value)
    configure(load_settings(), "worker")
    wanted = about("c42")["about"]["customer"]
    assert CliRunner().invoke(hash_, ["c42"]).output == f"{wanted}\n"
    assert CliRunner().invoke(hash_, ["-"], input="c42\n").output == f"{wanted}\n"


@pytest.mark.parametrize(
    "raising",
    [
        lambda: {}[MARK],
        lambda: int(MARK),
        lambda: msgspec.json.decode(b'{"kind": "%s"}' % MARK.encode(), type=Output),
        lambda: parse("{{ event.list | compact: event.note }}").render({"event": {"note": MARK, "list": ["a"]}}),
        lambda: (_ for _ in ()).throw(TemplateFault(MARK)),
        lambda: (_ for _ in ()).throw(RefusalError("wrong_type", MARK)),
        lambda: (_ for _ in ()).throw(ExceptionGroup(MARK, [KeyError(MARK), ValueError(MARK)])),
    ],
)
def test_the_message_of_a_fault_that_may_hold_data_is_not_shown(raising: object) -> None:
    fault = raised(raising)
    for form in (Text(), Json("worker")):
        for record in (line("%s, %r", fault, fault), line(fault), line("x", fault=fault)):
            found = form.format(record)
            assert type(fault).__name__ in found
            assert MARK not in found


def test_a_fault_behind_a_fault_is_told_with_its_place_and_without_its_message() -> None:
    def wrapped() -> None:
        try:
            raise KeyError(MARK)
        except KeyError as fault:
            raise LedgerAway("Redis is away") from fault

    found = traced(raised(wrapped))
    assert MARK not in found
    assert found.index("KeyError at tests/observing/test_logs.py") < found.index("LedgerAway: Redis is away")
    assert "in wrapped" in found


def test_faults_that_name_their_subject_are_shown() -> None:
    assert said(PublishError("state/3: refused")) == "PublishError: state/3: refused"
    assert said(ConnectionRefusedError(111, "refused")) == "ConnectionRefusedError: [Errno 111] refused"
    assert f"{said(PublishError('x'))!r}" == "PublishError: x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://default:pa/ss@word@host:1/0 is away", "redis://***@host:1/0 is away"),
        ("at 'https://u:p@x/hook'", "at 'https://***@x/hook'"),
        ("550 <ann.b+c@x.example>: no", "550 <***@***>: no"),
        ("called +33 6 99 88 77 66 twice", "called +*** twice"),
        ("offset 12345678901 of t.actions/3", "offset 12345678901 of t.actions/3"),
        ("the Sesam0 opens", "the *** opens"),
    ],
)
def test_the_net_below_the_rule(text: str, shown: str) -> None:
    assert redacted(text, ["Sesam0"]) == shown


def test_passwords_and_the_key_are_secrets_as_they_are_and_as_a_url_has_them() -> None:
    settings = Settings(
        redis="redis://:pass%2Fword@h/0", smtp="smtp://joe:sesame@h", log_key="k" * 32, traces="http://a:tr@h"
    )
    assert secrets_of(settings) == ["k" * 32, "pass%2Fword", "pass/word", "sesame"]
    assert not any(word in repr(settings) for word in ("pass%2Fword", "pass/word", "sesame", "kkk"))


def test_of_a_flood_of_single_events_a_few_are_let_through_and_the_rest_is_counted() -> None:
    now = [0.0]
    sparing = Sparing(lambda: now[0])

    def let(message: str, **extra: object) -> bool:
        return sparing.filter(line(message, **extra))

    told = about(journey="thanks")
    assert [let("failed", **told) for _ in range(50)] == [True] * MOST_A_MINUTE + [False] * (50 - MOST_A_MINUTE)
    assert let("other", **told)
    assert all(let("nobody's") for _ in range(50))
    now[0] = 61.0
    record = line("failed", **told)
    assert sparing.filter(record)
    assert record.getMessage() == f"failed ({50 - MOST_A_MINUTE} more like this were left out before)"


def test_an_event_type_that_is_no_name_is_not_shown() -> None:
    assert about(event_type="order.placed")["about"] == {"event_type": "order.placed"}
    assert about(event_type=f"{MARK} <a@b.example>")["about"] == {"event_type": "other"}


CRASH = f"""
import asyncio, sys, threading
from streams.observing.logs import configure, loop_fault
from streams.settings import Settings
configure(Settings(log="json"), "worker")
class Unraisable:
    def __del__(self): raise KeyError("{MARK}")
Unraisable()
def fail(): raise KeyError("{MARK}")
thread = threading.Thread(target=fail); thread.start(); thread.join()
async def forgotten():
    asyncio.get_running_loop().set_exception_handler(loop_fault)
    async def task(): fail()
    task = asyncio.create_task(task())
    await asyncio.sleep(0); await asyncio.sleep(0)
    del task
asyncio.run(forgotten())
import logging
logging.getLogger("aiokafka").debug("a request with {MARK}")
logging.getLogger("sillage").info("%d", "{MARK}"[:3])
fail()
"""


def test_what_nobody_catches_is_a_line_like_any_other() -> None:
    ended = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert MARK not in ended.stderr + ended.stdout
    lines = [json.loads(each) for each in ended.stderr.splitlines()]
    assert [each["level"] for each in lines] == ["critical", "critical", "error", "info", "critical"]
    assert all("KeyError at" in each["fault"] for each in lines if each["level"] != "info")


async def test_a_loop_tells_of_a_lost_task_without_its_value(
    caplog: pytest.LogCaptureFixture, process_log: None
) -> None:
    context = {"message": "Task exception was never retrieved", "exception": KeyError(MARK)}
    logs.loop_fault(asyncio.get_running_loop(), context)
    assert caplog.messages == ["Task exception was never retrieved"]
