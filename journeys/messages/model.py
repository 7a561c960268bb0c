"""The message: its head and its parts, as a designer's folder holds them and as a definitions blob carries them."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from journeys.model import MessageHead


@dataclass(frozen=True)
class Message:
    """messages/NAME/: the head from message.yaml, and each other file of the folder by its name (`email.html`)."""

    name: str
    head: MessageHead
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it has parts for, sorted: what stands before the dot of each part's name."""
        return tuple(sorted({part.partition(".")[0] for part in self.parts}))

    @cached_property
    def content_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The form that `from_dict` reads back; the head goes by the names that designers write."""
        return {"message": self.name, "head": self.head.model_dump(by_alias=True), "parts": dict(self.parts)}

    def to_json(self) -> bytes:
        """Canonical JSON: keys sorted, no blanks, UTF-8; equal messages give equal bytes."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Message":
        """Reads what `to_dict` gave. Raises KeyError or pydantic.ValidationError for anything else."""
        return cls(str(data["message"]), MessageHead.model_validate(data["head"]), dict(data["parts"]))
