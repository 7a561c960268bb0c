"""Letters: each is written once, durably, into a folder, of which batches for the print house are made.

`channels/batches.py` makes them.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from channels.channel import Away, Outgoing, Permanent, Sent, Transient
from journeys.messages.parts import MAX_LINE, MAX_LINES, MIN_LINES

LETTERS = "letters"
MAX_BYTES = 65_536
_MODE = 0o640
"""Letters are personal data: their owner writes them, and a print job of the owner's group may read them."""
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class Letter:
    """One letter: the print house's template, the lines of the address, what fills it in, and what a scan reads.

    `at` is when it was taken, `until` when it is worth nothing any more (ms; 0 for never).
    """

    action_id: str
    letter: str
    address: list[str]
    fields: dict[str, str]
    code: str = ""
    at: int = 0
    until: int = 0


class Postal:
    """The postal channel. The recipient is the address, in lines; `now` gives seconds since the epoch.

    A letter lies in a file of its action's name, so that a second one of the same action, by whichever dispatcher,
    takes the place of the first. The folder itself is not made: one that is not mounted would swallow letters.
    """

    name = "postal"
    at_most_once = False

    def __init__(
        self, folder: Path, *, now: Callable[[], float], timeout_seconds: float = 30.0, threads: int = 4
    ) -> None:
        self._folder = folder
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._writing: dict[Future[None], str] = {}

    async def send(self, outgoing: Outgoing) -> Sent:
        """Writes one letter down; it is on the disk when this returns."""
        letter = letter_of(outgoing, int(self._now() * 1000))
        path = self._folder / LETTERS / file_name(outgoing.customer, outgoing.action_id)
        await self._at_work(lambda: write_whole(path, json.dumps(asdict(letter)).encode()), outgoing.customer)
        return Sent()

    async def forget(self, customer: str) -> None:
        """Takes away the letters of somebody who was erased; what a batch has is with the print house.

        One that a thread is still writing is waited for. Raises Away, and Transient where that takes too long.
        """
        if writing := [_watched(each) for each, whose in list(self._writing.items()) if whose == customer]:
            _, late = await asyncio.wait(writing, timeout=self._timeout_seconds)
            if late:
                raise Transient("postal_no_answer")
        name = _hashed(customer)
        await self._at_work(lambda: _remove(self._folder, [f"{name}-*.json", f".{name}-*.draft"]))

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _at_work(self, work: Callable[[], None], customer: str = "") -> None:
        """Does it in a thread. Raises Away where the folder does not take it, Transient where nobody knows.

        The thread goes on in that case, and where the caller is cancelled.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, "postal")
        doing = self._pool.submit(work)
        self._writing[doing] = customer
        doing.add_done_callback(self._writing.pop)
        try:
            await asyncio.wait_for(asyncio.wrap_future(doing), self._timeout_seconds)
        except TimeoutError as fault:
            raise Transient("postal_no_answer") from fault
        except OSError as fault:
            raise Away("postal_folder") from fault


def letter_of(outgoing: Outgoing, now: int) -> Letter:
    """The letter that a message is. Raises Permanent for one that cannot be delivered or printed."""
    data = outgoing.rendered.data
    given = [text for name, text in data.items() if name.startswith("address.")] or outgoing.recipient.splitlines()
    address = [line for text in given if (line := one_line(text))]
    if not MIN_LINES <= len(address) <= MAX_LINES or any(len(line) > MAX_LINE for line in address):
        raise Permanent("postal_bad_address")
    fields = {name[7:]: sound(text) for name, text in data.items() if name.startswith("fields.")}
    code = one_line(data.get("code", ""))
    if sum(len(text.encode()) for text in (code, *fields.values())) > MAX_BYTES:
        raise Permanent("postal_too_long")
    until = now + outgoing.valid_ms if outgoing.valid_ms else 0
    return Letter(outgoing.action_id, outgoing.rendered.template, address, fields, code, now, until)


def file_name(customer: str, action_id: str) -> str:
    """The name of a letter's file: whose it is, as a hash, and the action's id."""
    known = action_id if _NAME.fullmatch(action_id) else _hashed(action_id)
    return f"{_hashed(customer)}-{known}.json"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is whole and on the disk, or not there: a draft beside it takes its place. Raises OSError."""
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        _sync(path.parent.parent)
    draft = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    _sync(path.parent)


def one_line(text: str) -> str:
    """The text on one line, without what no printer prints."""
    return " ".join(_BREAKS.sub(" ", sound(text)).split())


def sound(text: str) -> str:
    """The text without halves of surrogate pairs, and with plain line ends."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _remove(folder: Path, patterns: Sequence[str]) -> None:
    """Removes letters and their drafts, durably.

    Raises OSError, also where the folder is not there: nobody knows then what it holds.
    """
    if not folder.is_dir():
        raise NotADirectoryError(str(folder))
    if (folder / LETTERS).is_dir():
        for pattern in patterns:
            for path in (folder / LETTERS).glob(pattern):
                path.unlink(missing_ok=True)
        _sync(folder / LETTERS)


def _watched(writing: "Future[None]") -> "asyncio.Future[None]":
    """The same for this loop; its fault is told to whoever began it."""
    found = asyncio.wrap_future(writing)
    found.add_done_callback(lambda done: done.cancelled() or done.exception())
    return found


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _sync(folder: Path) -> None:
    """Makes the names in a folder durable too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
