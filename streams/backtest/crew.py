"""The crew: players of both definitions, in this process or in several, each with the customers of its shard."""

import fcntl
import gc
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple, TypeVar

import msgspec

from engine.catalog import Catalog
from journeys.load import load_project
from streams.backtest.compare import Comparison, Rest
from streams.backtest.happened import Happened
from streams.backtest.passed import BacktestFault, Passed
from streams.backtest.player import Player
from streams.backtest.rejects import Rejects
from streams.backtest.spool import Spool
from streams.backtest.tally import Tally
from streams.driver import catalog_of

BATCH = 1000
"""Records that go to a player at once."""
AHEAD_BYTES = 1 << 20
"""Of records that wait in the pipe to a player, so that neither side waits for the other at each batch."""
GARBAGE_THRESHOLDS = (50_000, 50, 100)
"""Hardly anything here is cyclic, and most of what is looked at are customers."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bool, list[Passed]]).decode
_END = b"end "
_STDERR = 2
_WORDS_BYTES, _SAID_BYTES = 2_000, 20_000
"""Of what a process says: what is looked at for its last words, and what is told in full at the end."""
Told = TypeVar("Told")


class Definition(NamedTuple):
    """A designer's folder as texts by place, and which of its journeys are played."""

    files: Mapping[str, str]
    journeys: Sequence[str]

    def catalog(self) -> Catalog:
        """The catalog that is played; of no journey, where the folder holds none of those asked for."""
        return catalog_of(load_project(dict(self.files)), self.journeys)


class Parts(NamedTuple):
    """What each player is made from: the definition, the one to compare with, channels by topic, and where to put
    aside what happened (a path without ending).
    """

    definition: Definition
    against: Definition | None
    channels: Mapping[str, str]
    spool: str = ""

    def heard(self) -> frozenset[str]:
        """The event types that concern anything of what is played."""
        played = (self.definition, self.against)
        return frozenset[str]().union(*(each.catalog().heard for each in played if each is not None))


@dataclass
class Outcome:
    """What came of a play, of one shard or of all: of the definition, and of the one compared with."""

    tally: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)
    inside: Counter[tuple[str, str]] = field(default_factory=Counter)
    inside_before: Counter[tuple[str, str]] = field(default_factory=Counter)
    rests: dict[str, Rest] = field(default_factory=dict)
    rejects: Rejects = field(default_factory=Rejects)
    foreign: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    customers: int = 0
    repeats: int = 0
    faults: int = 0

    def merge(self, other: "Outcome") -> None:
        """Takes what came of another shard."""
        for name in ("tally", "before", "rejects"):
            getattr(self, name).merge(getattr(other, name))
        for name in ("inside", "inside_before", "rests", "foreign", "facts"):
            getattr(self, name).update(getattr(other, name))
        self.customers += other.customers
        self.repeats += other.repeats
        self.faults += other.faults


class Shard:
    """The players of one shard, and what they tell."""

    def __init__(self, parts: Parts, number: int) -> None:
        self._outcome = Outcome()
        self._comparison = Comparison() if parts.against is not None else None
        self._stack = ExitStack()
        tells: list[Callable[[Happened], None]] = [self._outcome.tally.add]
        if parts.spool:
            tells.append(self._stack.enter_context(Spool(spool_path(parts, number))).add)
        self._players = [self._player(parts.definition, parts, tells, after=True)]
        if parts.against is not None:
            self._players.append(self._player(parts.against, parts, [self._outcome.before.add], after=False))

    def _player(
        self, definition: Definition, parts: Parts, tells: list[Callable[[Happened], None]], after: bool
    ) -> Player:
        if self._comparison is not None:
            tells = [*tells, self._comparison.after if after else self._comparison.before]
        return Player(definition.catalog(), lambda topic: parts.channels.get(topic, "web"), _each(tells))

    def play(self, batch: Sequence[Passed], plain: bool) -> None:
        """See Player.play."""
        for player in self._players:
            player.play(batch, plain)

    def end(self, at: int) -> Outcome:
        """Brings the clocks to `at` (ms) and gives what came of it all."""
        outcome, player = self._outcome, self._players[0]
        for each in self._players:
            each.advance(at)
        self._stack.close()
        outcome.customers, outcome.repeats, outcome.faults = player.counts()
        outcome.rejects, outcome.foreign, outcome.facts = player.rejects, player.foreign, player.facts
        outcome.inside = player.inside()
        outcome.tally.pressure.close()
        if self._comparison is not None:
            outcome.before.pressure.close()
            outcome.inside_before = self._players[1].inside()
            outcome.rests = self._comparison.rests
        return outcome


def _each(tells: Sequence[Callable[[Happened], None]]) -> Callable[[Happened], None]:
    """One who tells them all."""

    def told(one: Happened) -> None:
        for tell in tells:
            tell(one)

    return told


def spool_path(parts: Parts, number: int) -> Path:
    """Where the shard of this number puts aside what happened."""
    return Path(f"{parts.spool}{number}.rows")


class Here:
    """A Crew of one, in this process."""

    def __init__(self, parts: Parts) -> None:
        self._thresholds = gc.get_threshold()
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        self._shard = Shard(parts, 0)

    def play(self, shard: int, batch: list[Passed], plain: bool) -> None:
        self._shard.play(batch, plain)

    def end(self, at: int) -> list[Outcome]:
        return [self._shard.end(at)]

    def close(self) -> None:
        gc.set_threshold(*self._thresholds)


class _Line(NamedTuple):
    """One process, the pipe to it, the one by which it tells, and the file of what it says on stderr."""

    process: BaseProcess
    to: Connection
    told: Connection
    said: IO[bytes]


class Processes:
    """A Crew of processes, each with its shard; they take what is sent to them through pipes, and tell at the end."""

    def __init__(self, parts: Parts, jobs: int) -> None:
        context = get_context("spawn")
        self._lines: list[_Line] = []
        for number in range(jobs):
            given, to = context.Pipe(duplex=False)
            told, tells = context.Pipe(duplex=False)
            widen(to.fileno(), AHEAD_BYTES)
            process = context.Process(target=_serve, args=(given, tells, number), daemon=True)
            said = TemporaryFile()  # noqa: SIM115
            with _stderr_into(said):
                process.start()
            given.close()
            tells.close()
            self._lines.append(_Line(process, to, told, said))
        # Not among the arguments: a process takes those before the next is started.
        for shard in range(jobs):
            self._given(shard, parts)

    def play(self, shard: int, batch: list[Passed], plain: bool) -> None:
        self._send(shard, _encode((plain, batch)))

    def end(self, at: int) -> list[Outcome]:
        for shard in range(len(self._lines)):
            self._send(shard, _END + str(at).encode())
        return [self._told(shard, Outcome) for shard in range(len(self._lines))]

    def close(self) -> None:
        """Whatever still runs is ended, and what they said is said on our stderr."""
        for line in self._lines:
            line.to.close()
            line.told.close()
            line.process.terminate()
            line.process.join()
            line.said.seek(0)
            os.write(_STDERR, line.said.read(_SAID_BYTES))
            line.said.close()

    def _given(self, shard: int, parts: Parts) -> None:
        try:
            self._lines[shard].to.send(parts)
        except OSError:
            try:
                self._told(shard, Outcome)
            finally:
                self.close()

    def _send(self, shard: int, message: bytes) -> None:
        try:
            self._lines[shard].to.send_bytes(message)
        except OSError:
            self._told(shard, Outcome)

    def _told(self, shard: int, kind: type[Told]) -> Told:
        """What a process tells. Raises BacktestFault with the reason where it ended early."""
        process, _, line, said = self._lines[shard]
        which = f"the process of shard {shard} of {len(self._lines)}"
        try:
            told = line.recv()
        except (EOFError, OSError):
            process.join()
            what = f"{which} ended with {_ending(process.exitcode or 0)}; expected its outcome"
            raise BacktestFault(f"{what}; {_last_words(said)}; try --jobs 1") from None
        if not isinstance(told, kind):
            raise BacktestFault(f"{which} ended early: {told}")
        return told


@contextmanager
def _stderr_into(file: IO[bytes]) -> Iterator[None]:
    """Whoever is started meanwhile says there what it would say on our stderr, from its first instant."""
    kept = os.dup(_STDERR)
    try:
        os.dup2(file.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def _ending(code: int) -> str:
    """An exit code in words: `exit code 3`, or the signal that ended it, and what that mostly means."""
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"{name} (memory may have run out)" if name == "SIGKILL" else name


def _last_words(said: IO[bytes]) -> str:
    """The end of what a process said, in one line."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - _WORDS_BYTES))
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    return f"its last words: {' | '.join(lines[-3:])}" if lines else "it said nothing"


def widen(pipe: int, size: int) -> None:
    """Makes a pipe hold so many bytes where the system allows it; one that stays small is only slower."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)


def _serve(given: Connection, tells: Connection, number: int) -> None:
    """What a process of a crew does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        shard = Shard(given.recv(), number)
        while not (message := given.recv_bytes()).startswith(_END):
            plain, batch = _decode(message)
            shard.play(batch, plain)
        tells.send(shard.end(int(message.removeprefix(_END))))
    except EOFError:
        return
    except Exception as fault:
        tells.send(repr(fault))
        raise
