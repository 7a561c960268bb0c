"""A desk for calls: the real caller over real HTTP, its answers in a log in memory."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from calls.misbehaving import Service
from dispatching import Row, Shelf

from engine.decision import Call
from streams.calls.caller import Caller
from streams.calls.services import Services
from streams.definitions.shelf import ProjectBlob, canonical, digest
from streams.settings import Settings


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def call(name: str, service: str = "score", *, within_ms: int = 30_000, **more: Any) -> Call:
    """A call asked now."""
    now = wall_ms()
    told = {"customer": "ann", "data": {"tier": "gold"}, "decided_at": now, "within_at": now + within_ms} | more
    return Call(name, journey="j", version="v", enrollment="e", step="s", service=service, **told)


def row(given: Call, offset: int = 0, headers: Sequence[tuple[str, bytes]] = ()) -> Row:
    return Row(msgspec.json.encode(given), offset, "t.calls", headers=headers)


class Desk:
    """A caller whose project names `services`; `answers` are the touchpoints that came back."""

    def __init__(self, service: Service, settings: Settings, secrets: str = "") -> None:
        self.service = service
        self.settings = settings
        self.services: dict[str, Any] = {}
        self.shelf = Shelf()
        self.dead: list[tuple[str, str]] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.tried: Counter[str] = Counter()
        self.away: list[tuple[str, bool]] = []
        self.caught_up = 0
        found = Services(self._project, self._catch_up, secrets)
        self.caller = Caller(settings, self.shelf, found, wall_ms, self._bury, self, lambda: 0.0, 0.02)

    def names(self, name: str, path: str = "/score", **more: Any) -> None:
        """The project has this service, at a path of the real one."""
        self.services[name] = {"url": self.service.url + path, **more}

    async def take(self, *calls: Call) -> list[dict[str, Any]]:
        """Takes one batch; gives the answers so far."""
        await self.caller.take(0, [row(each, offset) for offset, each in enumerate(calls)])
        return self.answers

    @property
    def answers(self) -> list[dict[str, Any]]:
        return self.shelf.values("touchpoints.web")

    def codes(self) -> dict[str, str]:
        """The code of each call's answer."""
        told = [answer["properties"] for answer in self.answers]
        return {each["call_id"]: each.get("code", "done") for each in told}

    def call(self, service: str, outcome: str) -> None:
        self.outcomes[service, outcome] += 1

    def call_tried(self, service: str, seconds: float) -> None:
        self.tried[service] += 1

    def service_away(self, service: str, away: bool) -> None:
        self.away.append((service, away))

    def _project(self) -> tuple[str, bytes]:
        blob = canonical(ProjectBlob({"services": self.services}))
        return digest(blob), blob

    async def _catch_up(self) -> None:
        self.caught_up += 1

    async def _bury(self, record: Any, code: str, reason: str) -> None:
        self.dead.append((code, reason))
