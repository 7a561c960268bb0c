"""`sillage docs`: a page for each journey that ships, true to its lives, as Markdown and as one file of HTML."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
NAMES = {path.stem for path in (DEFINITIONS / "journeys").glob("*.yaml")}


def write(out: Path, form: str, folder: Path = DEFINITIONS) -> dict[str, str]:
    """The pages by name."""
    result = CliRunner().invoke(main, ["docs", str(folder), "--format", form, "-o", str(out)])
    assert result.exit_code == 0, result.output
    return {path.stem: path.read_text(encoding="utf-8") for path in out.iterdir()}


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All pages of HTML, written once."""
    return write(tmp_path_factory.mktemp("html"), "html")


def test_each_journey_has_its_page_and_the_contents_name_it(tmp_path: Path) -> None:
    pages = write(tmp_path, "markdown")
    assert set(pages) == {*NAMES, "index"}
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", pages["index"])) == NAMES


def test_a_message_reads_as_the_customer_of_a_life_reads_it(tmp_path: Path) -> None:
    basket = write(tmp_path, "markdown")["abandoned-basket"]
    assert "### basket-reminder, by email" in basket
    assert "> you left a basket of £80.00 with us" in basket
    assert "As the customer of “never comes back” reads it." in basket
    assert "{{" not in basket.partition("## The way as a picture")[0]


def test_the_lives_are_examples_of_what_truly_comes(tmp_path: Path) -> None:
    basket = write(tmp_path, "markdown")["abandoned-basket"]
    clicks = basket.partition("### Clicks the reminder")[2].partition("###")[0].strip().splitlines()
    assert [line for line in clicks if line] == [
        "- A customer with consent to offers by email.",
        "- 2026-03-02 18:00: `basket.updated` (`basket_id b1, value 80.0`)",
        "- 30 hours later: `message.clicked` (`message basket-reminder`)",
        "- 15 days later.",
        "- Gets `email:basket-reminder` at 2026-03-03 14:00.",
        "- Leaves as `clicked`.",
    ]
    small = basket.partition("### Too small a basket")[2].partition("###")[0]
    assert small.strip().endswith("- Gets nothing.\n- Does not enter.")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_page_of_html_needs_nothing_else(html: dict[str, str], name: str) -> None:
    page = html[name]
    assert page.startswith("<!doctype html>")
    assert "<svg " in page
    assert "@@" not in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["index.html"]
    assert "url(http" not in page


def test_a_message_that_no_life_gets_is_shown_without_a_person(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for path in DEFINITIONS.rglob("*"):
        if path.is_file() and path.parent.name != "lives":
            copy = folder / path.relative_to(DEFINITIONS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    basket = write(tmp_path / "out", "markdown", folder)["abandoned-basket"]
    assert "No life gets it; what depends on the person is empty here." in basket
    assert "## Examples" not in basket
