"""Letters and their batches: each letter is printed once, whoever is killed, and no spreadsheet acts on a cell."""

import asyncio
import contextlib
import csv
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.batches import KEPT_MS, BatchError, make_batch, to_csv, waiting_letters
from channels.channel import Away, Outgoing, Permanent
from channels.postal import Letter, Postal
from journeys.messages.render import Rendered

NOW = 1_790_000_000_000
ADDRESS = "Ann Lee\r\n1 High Street\n\nN1 9GU London"
_children = get_context("fork")


def outgoing(id_: str = "a1", address: str = ADDRESS, valid_ms: int = 0, **data: str) -> Outgoing:
    rendered = Rendered("", "", "", data={"fields.greeting": "Dear Ann", **data}, template="welcome")
    return Outgoing(id_, address, rendered, "", valid_ms=valid_ms, customer=f"customer of {id_}")


def postal(folder: Path) -> Postal:
    return Postal(folder, now=lambda: NOW / 1000)


async def sent(folder: Path, *several: Outgoing) -> None:
    one = postal(folder)
    for each in several:
        await one.send(each)
    await one.close()


def printed(folder: Path) -> Counter[str]:
    """How often each action is in a row of a print file."""
    files = (folder / "print").glob("*.jsonl")
    return Counter(json.loads(line)["action_id"] for path in files for line in path.read_text().splitlines())


async def test_a_batch_has_each_letter_that_was_in_none_as_rows_and_as_it_is(tmp_path: Path) -> None:
    url = "https://l.example/q/7Yk"
    await sent(tmp_path, outgoing("a1", code=url), outgoing("a2", **{"fields.sum": "-10 %"}))
    [batch] = make_batch(tmp_path, NOW)
    rows = list(csv.DictReader(batch.files[0].read_text().splitlines()))
    assert batch.letters == 2 and batch.files[0].name == "letters-20260921-001.csv"
    assert rows[0]["action_id"] == "a1" and rows[0]["letter"] == "welcome" and rows[0]["code"] == url
    assert [rows[0][f"address_{number}"] for number in (1, 2, 3, 4)] == [
        "Ann Lee",
        "1 High Street",
        "N1 9GU London",
        "",
    ]
    assert (rows[0]["greeting"], rows[0]["sum"], rows[1]["sum"]) == ("Dear Ann", "", "'-10 %")
    second = json.loads(batch.files[1].read_text().splitlines()[1])
    assert second["fields"] == {"greeting": "Dear Ann", "sum": "-10 %"}
    assert all(path.stat().st_mode & 0o007 == 0 for path in tmp_path.glob("[!.]*/*"))
    assert make_batch(tmp_path, NOW) == []
    await sent(tmp_path, outgoing("a3"), outgoing("a1", code=url))
    assert [each.letters for each in make_batch(tmp_path, NOW)] == [1]
    assert printed(tmp_path) == {"a1": 1, "a2": 1, "a3": 1}


async def test_a_letter_that_is_worth_nothing_any_more_is_not_printed(tmp_path: Path) -> None:
    await sent(tmp_path, outgoing("a1", valid_ms=1000), outgoing("a2", valid_ms=5000))
    [batch] = make_batch(tmp_path, NOW + 1000)
    assert (batch.letters, batch.late) == (1, 1)
    assert printed(tmp_path) == {"a2": 1}


async def test_letters_of_somebody_who_was_erased_are_gone_and_no_others(tmp_path: Path) -> None:
    await sent(tmp_path, outgoing("a1"), outgoing("a2"))
    one = postal(tmp_path)
    await one.forget("customer of a1")
    await one.close()
    assert [letter.action_id for letter in waiting_letters(tmp_path)] == ["a2"]


async def test_a_letter_that_a_thread_still_writes_when_its_time_is_over_is_gone_too(tmp_path: Path) -> None:
    one = postal(tmp_path)
    for _ in range(5):
        sending = [asyncio.create_task(one.send(outgoing())) for _ in range(4)]
        await asyncio.sleep(0)
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        await one.forget("customer of a1")
        await one.forget("customer of a2")
        assert not list((tmp_path / "letters").iterdir())
    await one.close()


async def test_letters_are_cleared_once_none_of_their_actions_comes_again(tmp_path: Path) -> None:
    await sent(tmp_path, outgoing("a1"))
    make_batch(tmp_path, NOW)
    make_batch(tmp_path, NOW + KEPT_MS)
    assert list((tmp_path / "letters").iterdir())
    make_batch(tmp_path, NOW + KEPT_MS + 1)
    assert not list((tmp_path / "letters").iterdir()) and not list((tmp_path / "batches").iterdir())
    assert printed(tmp_path) == {"a1": 1}


@pytest.mark.parametrize("address", ["", "Ann Lee", "a\n" * 8, "Ann\n" + "x" * 71, "\n\0\nAnn\r\n \n"])
async def test_what_nobody_can_deliver_fails_for_good(tmp_path: Path, address: str) -> None:
    with pytest.raises(Permanent, match="postal_bad_address"):
        await sent(tmp_path, outgoing(address=address))
    assert not list(tmp_path.iterdir())


async def test_the_address_of_the_part_stands_before_that_of_the_person(tmp_path: Path) -> None:
    await sent(tmp_path, outgoing(**{"address.1": " Ann ", "address.2": "", "address.3": "Paris"}))
    assert waiting_letters(tmp_path)[0].address == ["Ann", "Paris"]


async def test_a_folder_that_is_not_mounted_swallows_no_letter(tmp_path: Path) -> None:
    with pytest.raises(Away, match="postal_folder"):
        await sent(tmp_path / "none", outgoing())
    with pytest.raises(BatchError, match="SILLAGE_POSTAL"):
        make_batch(tmp_path / "none", NOW)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_no_cell_is_a_formula_and_every_letter_is_one_row(texts: list[str]) -> None:
    fields = {f"f{number}": text for number, text in enumerate(texts)}
    rows = list(csv.reader(to_csv([Letter("a1", "l", texts[:2], fields, "=1+1")]).splitlines()))
    assert len(rows) == 2 and len(rows[0]) == len(rows[1])
    assert not [cell for cell in rows[1] if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def dies_at(number: int, work: Callable[[], object]) -> bool:
    """Works in a process that is killed when it is about to make the so many-th thing durable; gives whether it was."""

    def run() -> None:
        left = [number]

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object) -> object:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args)

            return call

        os.fsync = counted(os.fsync)  # type: ignore[assignment]
        Path.replace = counted(Path.replace)  # type: ignore[method-assign, assignment]
        work()

    child = _children.Process(target=run)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def test_whoever_is_killed_at_whatever_step_each_letter_is_printed_once(tmp_path: Path) -> None:
    """A dispatcher tries its letters again until they are written; batches are made in between, by others."""
    deaths = 0
    for number in range(1, 16):
        letters = [outgoing(f"a{number}-{each}") for each in range(2)]
        while dies_at(number + deaths % 2, lambda: asyncio.run(sent(tmp_path, *letters))):  # noqa: B023
            deaths += 1
            if deaths % 3 == 0:
                break
        deaths += dies_at(number, lambda: make_batch(tmp_path, NOW))
        asyncio.run(sent(tmp_path, *letters))
    make_batch(tmp_path, NOW)
    assert deaths > 20
    assert printed(tmp_path) == {f"a{number}-{each}": 1 for number in range(1, 16) for each in range(2)}


async def test_an_erasure_takes_what_a_killed_dispatcher_had_begun_to_write(tmp_path: Path) -> None:
    await sent(tmp_path, outgoing("a1"), outgoing("a2"))
    for each in ("a1", "a2"):
        assert dies_at(2, lambda: asyncio.run(sent(tmp_path, outgoing(each))))  # noqa: B023
    drafts = list((tmp_path / "letters").glob(".*"))
    assert len(drafts) == 2
    one = postal(tmp_path)
    await one.forget("customer of a1")
    await one.close()
    assert [path.name[21:23] for path in (tmp_path / "letters").glob("[!.]*")] == ["a2"]
    assert ["a2" in path.read_text() for path in (tmp_path / "letters").glob(".*")] == [True]


async def test_the_first_letters_of_a_folder_may_come_at_once(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        one = postal(folder)
        await asyncio.gather(*(one.send(outgoing(f"a{each}")) for each in range(8)))
        await one.close()
        assert len(waiting_letters(folder)) == 8


def test_a_draft_that_is_gone_when_it_is_looked_at_stops_no_batch(tmp_path: Path) -> None:
    asyncio.run(sent(tmp_path, outgoing()))
    (tmp_path / "letters" / ".a.draft").symlink_to(tmp_path / "gone")
    assert [batch.letters for batch in make_batch(tmp_path, NOW)] == [1]


def test_of_those_who_make_a_batch_at_once_one_does(tmp_path: Path) -> None:
    asyncio.run(sent(tmp_path, *(outgoing(f"a{number}") for number in range(40))))
    ready = _children.Barrier(4)

    def make() -> None:
        ready.wait()
        made = False
        while not made:
            with contextlib.suppress(BatchError):
                make_batch(tmp_path, NOW)
                made = True

    makers = [_children.Process(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert [maker.exitcode for maker in makers] == [0] * 4
    assert printed(tmp_path) == {f"a{number}": 1 for number in range(40)}
