"""The message: its head and its parts, as a designer's folder holds them and as a definitions blob carries them."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from journeys.messages.languages import fallbacks, split
from journeys.model import MessageHead, Utm


@dataclass(frozen=True)
class Message:
    """messages/NAME/: the head from message.yaml, and each other file of the folder by its name (`email.html`).

    `constants` are the facts and what of the brand its templates name, by language; `utm` what its links carry. It
    leaves only between `since` and `until` (ms, 0 for always), while its facts are true.
    """

    name: str
    head: MessageHead
    parts: dict[str, str] = field(default_factory=dict)
    constants: dict[str, dict[str, Any]] = field(default_factory=dict)
    utm: Utm | None = None
    since: int = 0
    until: int = 0

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
        head = self.head.model_copy(update={"subject": subject, "subjects": None})
        known = self.constants.get(language) or self.constants.get("")
        return Message(self.name, head, parts, {"": known} if known else {}, self.utm, self.since, self.until)

    @cached_property
    def content_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The form that `from_dict` reads back; the head goes by the names that designers write.

        What of the head is composed into the parts and constants is left out.
        """
        head = self.head.model_dump(by_alias=True, exclude_none=True, exclude={"facts", "layout", "utm"})
        beside: dict[str, Any] = {"constants": self.constants, "since": self.since, "until": self.until}
        if self.utm is not None:
            beside["utm"] = self.utm.model_dump()
        kept = {key: value for key, value in beside.items() if value}
        return {"message": self.name, "head": head, "parts": dict(self.parts), **kept}

    def to_json(self) -> bytes:
        """Canonical JSON: keys sorted, no blanks, UTF-8; equal messages give equal bytes."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Message":
        """Reads what `to_dict` gave. Raises KeyError or pydantic.ValidationError for anything else."""
        head, utm = MessageHead.model_validate(data["head"]), data.get("utm")
        return cls(
            str(data["message"]),
            head,
            dict(data["parts"]),
            dict(data.get("constants", {})),
            None if utm is None else Utm.model_validate(utm),
            int(data.get("since", 0)),
            int(data.get("until", 0)),
        )
