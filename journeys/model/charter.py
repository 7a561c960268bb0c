"""The charter of a brand as it is written: its words, claims, signature, colours, and the facts that messages state."""

from typing import Annotated

from pydantic import Field

from journeys.model.parts import Part, Slug

FACT = r"^[a-z][a-z0-9_-]{0,79}$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
COLOUR = r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"
HOST = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"

Day = Annotated[str, Field(pattern=DAY)]
FactName = Annotated[str, Field(pattern=FACT)]
Phrase = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float | int, Field(ge=0, le=1_000_000_000)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-([A-Z]{2}|[A-Z][a-z]{3}))?$")]


class Fact(Part):
    """One promotion or price: what all messages say of it, and from when until when it is true."""

    title: str = ""
    code: Annotated[str, Field(pattern=r"^\S{1,40}$")] | None = None
    percent: Annotated[float | int, Field(ge=0, le=100)] | None = None
    amount: Number | None = None
    price: Number | None = None
    minimum: Number | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    from_: Day | None = Field(None, alias="from")
    until: Day | None = None


class Words(Part):
    """The tone of a brand: words that it never says, and those that it says in the place of others."""

    never: list[Phrase] = []
    rather: dict[Phrase, Phrase] = {}


class Voice(Part):
    """What a brand says otherwise in another language; what is left out is as in its own."""

    signature: str | None = None
    texts: dict[FactName, str] = {}
    words: Words | None = None
    claims: list[Phrase] | None = None
    required: dict[Slug, list[Phrase]] | None = None


class Utm(Part):
    """What links of the own hosts carry, so that visits are counted where they came from.

    `source` is else the brand, `medium` the channel, `campaign` the journey.
    """

    hosts: list[Annotated[str, Field(pattern=HOST)]] = []
    channels: list[Slug] = []
    source: str = Field("", max_length=100)
    medium: str = Field("", max_length=100)
    campaign: str = Field("", max_length=100)
