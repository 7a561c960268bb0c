"""What the topic `definitions` holds: blobs by hash, releases by number, and which one is current."""

import hashlib
import json
from typing import Any

import msgspec

from engine.program import Move, Pause
from journeys.messages.spoken import Spoken

BLOB = b"blob/"
RELEASE = b"release/"
CURRENT = b"current"
FORMAT = 1


class ShelfFault(Exception):
    """A record, or what a release points at, that cannot be used; `blob` is the digest of what is at fault."""

    def __init__(self, message: str, blob: str = "") -> None:
        super().__init__(message)
        self.blob = blob


class NewerFormat(ShelfFault):
    """A release that a newer program wrote, which this one must not build on."""


class MissingBlob(ShelfFault):
    """A blob that is named and was not read (yet)."""


class Shelved(msgspec.Struct, frozen=True, omit_defaults=True):
    """One journey of a release. `version` is the digest of its blob; while `open` is false nobody enters.

    `moves` says where those inside other versions go on; whose version it does not name finishes on it. `pause` is the
    last pause, also once it is over.
    """

    version: str
    open: bool = True
    moves: dict[str, Move] = {}
    pause: Pause | None = None


class Release(msgspec.Struct, frozen=True, omit_defaults=False):
    """Which versions belong together, since `at` (ms). `nonce` tells the release of one deploy from that of another.

    `project` is the digest of the project's blob, `messages` the digest of each message by name, for later deploys;
    `segments` likewise that of each segment, `offers` that of each catalog of offers.
    """

    n: int
    at: int
    nonce: str
    project: str
    journeys: dict[str, Shelved] = {}
    messages: dict[str, str] = {}
    note: str = ""
    segments: dict[str, str] = {}
    format: int = FORMAT
    offers: dict[str, str] = {}


class JourneyBlob(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one version of a journey is made of: its text, its project's zone, the digests of its messages by name.

    `hours` are those of the project that it names, as project.yaml has them; `costs` those of a message by channel,
    where the journey has a budget of money; `faqs` are the texts of those that it answers from, and `spoken` what of
    them the brand says in its own words.
    """

    journey: str
    text: str
    zone: str
    messages: dict[str, str]
    hours: dict[str, Any] = {}
    costs: dict[str, float] = {}
    faqs: dict[str, str] = {}
    spoken: dict[str, Spoken] = {}


class SegmentBlob(msgspec.Struct, frozen=True):
    """What one version of a segment is made of."""

    segment: str
    text: str


class OffersBlob(msgspec.Struct, frozen=True):
    """What one version of a catalog of offers is made of: its text, the digests of its messages by name."""

    catalog: str
    text: str
    messages: dict[str, str]


class ProjectBlob(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds for every journey of a folder, by the names of project.yaml, and its brands by theirs."""

    project: dict[str, Any]
    brands: dict[str, Any] = {}


def canonical(value: Any) -> bytes:
    """JSON of a struct or plain value with sorted keys and no blanks, UTF-8: equal values give equal bytes."""
    plain = msgspec.to_builtins(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(blob: bytes) -> str:
    """What releases and enrollments call a blob: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(blob).hexdigest()[:16]


def blob_key(blob: bytes) -> bytes:
    """The key of a blob's record."""
    return BLOB + hashlib.sha256(blob).hexdigest().encode()


def release_key(n: int) -> bytes:
    """The key of a release's record."""
    return RELEASE + str(n).encode()


class Shelf:
    """The topic read in order: `blobs` by digest, `releases` by number; `current` is the number in use, 0 for none."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.releases: dict[int, Release] = {}
        self.current = 0

    def feed(self, key: bytes | None, value: bytes | None) -> None:
        """Takes the next record. Raises ShelfFault, and stays as it is, where it cannot be used."""
        if key is None or value is None:
            raise ShelfFault("a record without key or value; nothing is ever removed here")
        if key.startswith(BLOB):
            self._feed_blob(key, value)
        elif key.startswith(RELEASE):
            self._feed_release(key, value)
        elif key == CURRENT:
            self._feed_current(value)
        else:
            raise ShelfFault(f"key {key[:80]!r} is not blob/, release/ or current")

    @property
    def release(self) -> Release | None:
        """The release in use, None before the first."""
        return next(iter(self.newest_first()), None)

    @property
    def next_number(self) -> int:
        """The number that the next release gets."""
        return max(self.releases, default=0) + 1

    def since(self, release: Release) -> dict[str, int]:
        """Since which release each journey that is open, and each segment as `segment/NAME`, is what it is now.

        Likewise each move, as `moves/NAME/VERSION`, and the resume of each journey, as `resumed/NAME`.
        """
        found: dict[str, int] = {}
        left = _named(release)
        for n in sorted((n for n in self.releases if n <= release.n), reverse=True):
            then = _named(self.releases[n])
            left = {name: version for name, version in left.items() if then.get(name) == version}
            found |= dict.fromkeys(left, n)
        return found

    def newest_first(self) -> list[Release]:
        """The releases that can be read, the one in use first; where `current` cannot be read, that is the newest."""
        return [self.releases[n] for n in sorted(self.releases, reverse=True) if n <= self.current or not self.current]

    def _feed_blob(self, key: bytes, value: bytes) -> None:
        if blob_key(value) != key:
            raise ShelfFault(f"{key[:80]!r} holds bytes of another hash")
        self.blobs[digest(value)] = value

    def _feed_release(self, key: bytes, value: bytes) -> None:
        release = read_release(value)
        if release_key(release.n) != key:
            raise ShelfFault(f"{key[:80]!r} holds release {release.n}")
        self.releases[release.n] = release

    def _feed_current(self, value: bytes) -> None:
        number = int(value) if value.isdigit() and len(value) < 10 else 0
        if number not in self.releases:
            raise ShelfFault(f"current names {value[:80]!r}, which is no release that can be read here")
        self.current = number


def _named(release: Release) -> dict[str, str]:
    journeys = {name: shelved.version for name, shelved in release.journeys.items() if shelved.open}
    for name, shelved in release.journeys.items():
        journeys |= {f"moves/{name}/{old}": canonical(move).decode() for old, move in shelved.moves.items()}
        if shelved.pause is not None and shelved.pause.until:
            journeys[f"resumed/{name}"] = str(shelved.pause.until)
    return journeys | {f"segment/{name}": version for name, version in release.segments.items()}


def read_release(value: bytes) -> Release:
    """The release of a record. Raises ShelfFault, which names a newer format as such."""
    try:
        tree = msgspec.json.decode(value)
        if isinstance(tree, dict) and isinstance(tree.get("format"), int) and tree["format"] > FORMAT:
            raise NewerFormat(f"a release of format {tree['format']}, this program reads {FORMAT}; upgrade it")
        return msgspec.convert(tree, Release)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise ShelfFault(f"a release that cannot be read: {fault}") from fault
