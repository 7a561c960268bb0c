"""A server of the tests with its client: what it publishes is kept, or refused as a broker that is away does it."""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from streams.broker.publish import PublishError
from streams.links.answers import Answers


@dataclass
class Published:
    """What was published by the server at `port`, which `client` asks; `away` refuses every write."""

    kept: list[Answers] = field(default_factory=list)
    away: bool = False
    port: int = 0
    client: aiohttp.ClientSession = field(init=False)

    async def publish(self, found: Answers) -> None:
        if self.away:
            raise PublishError("refused by the test")
        self.kept.append(found)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(out.value or b"") for found in self.kept for out in found.records]
