"""What people ask, and what is answered: a FAQ as it is written."""

from typing import Annotated

from pydantic import Field

from journeys.model.charter import Language
from journeys.model.parts import Part, Slug

MOST_ENTRIES = 500
"""Of one FAQ, since each question of a person is held against all of them."""
LONGEST_TEXT = 2_000
"""Characters of one answer."""
Phrases = dict[
    Language,
    Annotated[list[Annotated[str, Field(min_length=1, max_length=300)]], Field(min_length=1, max_length=50)],
]
"""Texts by language."""


class FaqEntry(Part):
    """One answer by language, the ways in which it is asked for, and words that ask for nothing else."""

    questions: Phrases = Field(min_length=1)
    keywords: Phrases = {}
    answers: dict[Language, Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]] = Field(min_length=1)


class Faq(Part):
    """faq/NAME.yaml: the answers that `answer` finds, and how near a question must come (0 to 1)."""

    faq: Slug
    title: str = ""
    threshold: float | int = Field(0.5, gt=0, le=1)
    entries: dict[Slug, FaqEntry] = Field(min_length=1, max_length=MOST_ENTRIES)
