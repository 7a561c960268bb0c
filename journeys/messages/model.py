"""The message: its head and its parts, as a designer's folder holds them and as a definitions blob carries them."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from journeys.messages.languages import fallbacks, split
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
    def languages(self) -> tuple[str, ...]:
        """Those that it has beside the project's own, sorted."""
        named = {split(part)[1] for part in self.parts} | set(self.head.subjects or ())
        return tuple(sorted(named - {""}))

    @cached_property
    def variants(self) -> dict[str, "Message"]:
        """The message as it is read in each language, as a message of one language; the project's own under ``."""
        if not self.languages:
            return {"": self}
        return {language: self._in(language) for language in ("", *self.languages)}

    def spoken(self, language: str) -> "Message":
        """The message for somebody of this language: `fr-CA`, else `fr`, else the project's own."""
        if not self.languages:
            return self
        found = (self.variants[each] for each in fallbacks(language) if each in self.variants)
        return next(found, self.variants[""])

    def _in(self, language: str) -> "Message":
        subject, parts = self.head.subject, dict[str, str]()
        for wanted in ("", *reversed(list(fallbacks(language)))):
            named = ((split(part), text) for part, text in self.parts.items())
            parts |= {plain: text for (plain, tag), text in named if tag == wanted}
            subject = (self.head.subjects or {}).get(wanted, subject)
        return Message(self.name, self.head.model_copy(update={"subject": subject, "subjects": None}), parts)

    @cached_property
    def content_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The form that `from_dict` reads back; the head goes by the names that designers write."""
        head = self.head.model_dump(by_alias=True, exclude_none=True)
        return {"message": self.name, "head": head, "parts": dict(self.parts)}

    def to_json(self) -> bytes:
        """Canonical JSON: keys sorted, no blanks, UTF-8; equal messages give equal bytes."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Message":
        """Reads what `to_dict` gave. Raises KeyError or pydantic.ValidationError for anything else."""
        return cls(str(data["message"]), MessageHead.model_validate(data["head"]), dict(data["parts"]))
