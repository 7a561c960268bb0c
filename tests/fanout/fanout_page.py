"""docs/fanout.md and what stands in it, for the tests that run it."""

from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "fanout.md").read_text(encoding="utf-8")
MESSAGE = 'title: Cheaper\nclass: marketing\nsubject: "Cheaper"\n'


def snippet(language: str) -> str:
    """The one snippet of the page in this language."""
    parts = [part.partition("\n") for part in PAGE.split("```")[1::2]]
    (found,) = [content for name, _, content in parts if name == language]
    return found


FOLDER = {
    "project.yaml": "zone: Europe/Paris\n",
    "messages/cheaper/message.yaml": MESSAGE,
    "messages/cheaper/email.txt": "It is cheaper.",
    "journeys/cheaper.yaml": snippet("yaml"),
}
