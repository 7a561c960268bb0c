"""What a server of the tests publishes: kept for the test to read, or refused as a broker that is away refuses it."""

import json
from dataclasses import dataclass, field
from typing import Any

from streams.broker.publish import PublishError
from streams.links.answers import Answers


@dataclass
class Published:
    """What was published; `away` refuses every write."""

    kept: list[Answers] = field(default_factory=list)
    away: bool = False

    async def publish(self, found: Answers) -> None:
        if self.away:
            raise PublishError("refused by the test")
        self.kept.append(found)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(out.value or b"") for found in self.kept for out in found.records]
