"""The pages say what is there: links, files, commands, options, variables, metrics, numbers, words."""

import re
import runpy
from pathlib import Path

import click
import pytest
from prometheus_client import CollectorRegistry

from cli.main import main
from streams.metrics.metrics import Metrics
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
PATHS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md")])
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}
README, ARCHITECTURE, GLOSSARY = (PAGES[name] for name in ("README.md", "ARCHITECTURE.md", "docs/glossary.md"))
TEST_VARIABLES = {"SILLAGE_TEST_KAFKA", "SILLAGE_TEST_REDIS"}
CODE = ("cli", "local", "streams", "state", "channels", "engine", "journeys")
STYLE_WORDS = ("touchpoint", "event", "customer", "proposal", "action", "message", "journey", "enrollment", "trigger")


def fences(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def spans(page: str) -> list[str]:
    """What stands in back-ticks within prose."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose)


def said(page: str) -> list[str]:
    """Every call of `sillage` that a page shows, in prose or in a shell."""
    lines = [line for fence in fences(page, "sh") for line in fence.splitlines()]
    calls = [re.split(r" +#|[;|&]", line)[0].strip() for line in lines]
    return [call for call in [*calls, *spans(page)] if call.startswith("sillage ")]


def command(call: str) -> tuple[click.Command, list[str]]:
    """The command that a call names, and the words after it. Raises AssertionError where there is none."""
    found: click.Command = main
    words = call.split()[1:]
    while words and isinstance(found, click.Group) and not words[0].startswith(("-", "<")):
        below = found.get_command(click.Context(found), words[0])
        assert below is not None, f"`{call}`: no command {words[0]}"
        found, words = below, words[1:]
    return found, words


def options(found: click.Command) -> set[str]:
    """Every option of a command and of those below it."""
    own = {name for parameter in found.params for name in parameter.opts}
    if isinstance(found, click.Group):
        below = [found.get_command(click.Context(found), name) for name in found.list_commands(click.Context(found))]
        return own.union(*(options(each) for each in below if each is not None))
    return own | {"--help"}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page])]
    local = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not ((ROOT / page).parent / target).exists()] == []


def anchors(page: str) -> set[str]:
    """What the headings of a page are called in links, as GitHub makes it of them."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES)
def test_links_within_pages_lead_to_a_heading(page: str) -> None:
    for name, anchor in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", PAGES[page]):
        path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        target = PAGES.get(str(path.relative_to(ROOT)))
        assert target is None or anchor in anchors(target), f"{name}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_named_are_there(page: str) -> None:
    """Designers' files are examples; all else below a folder of ours is meant as it is written."""
    folders = "|".join((*CODE, "tests", "docs", "bench"))
    named = [span for span in spans(PAGES[page]) if re.fullmatch(rf"({folders})(/[\w.-]+)+/?", span)]
    ours = [name for name in named if not name.endswith((".yaml", ".yml", ".html", ".txt"))]
    assert [name for name in ours if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_are_there(page: str) -> None:
    for call in said(PAGES[page]):
        found, words = command(call)
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= options(found), call


@pytest.mark.parametrize(
    "page", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/running.md", "docs/journeys.md"]
)
def test_an_option_that_stands_alone_is_one_of_a_command(page: str) -> None:
    alone = {span.split()[0] for span in spans(PAGES[page]) if span.startswith("--")}
    assert alone <= options(main)


@pytest.mark.parametrize("page", PAGES)
def test_variables_are_settings(page: str) -> None:
    known = {f"SILLAGE_{name.upper()}" for name in Settings.model_fields} | TEST_VARIABLES
    assert set(re.findall(r"SILLAGE_[A-Z_]*[A-Z]", PAGES[page])) <= known


@pytest.mark.parametrize("page", PAGES)
def test_metrics_are_declared(page: str) -> None:
    known = {declared.name for declared in Metrics(CollectorRegistry()).declared}
    assert {span.partition("{")[0] for span in spans(PAGES[page]) if span.startswith("sillage_")} <= known


def test_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {target for page in PAGES.values() for target in re.findall(r"(?:^|`)make ([\w-]+)", page, re.MULTILINE)}
    assert {"demo", "test"} <= named <= set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))


def test_the_readme_shows_the_examples_as_they_are() -> None:
    assert fences(README, "python") == [(ROOT / "docs/examples/publish.py").read_text(encoding="utf-8")]
    assert (ROOT / "docs/examples/publish.sh").read_text(encoding="utf-8") in fences(README, "sh")


def test_the_readme_shows_a_journey_that_ships() -> None:
    assert fences(README, "yaml") == [
        (ROOT / "journeys/definitions/journeys/win-back.yaml").read_text(encoding="utf-8")
    ]


def test_the_readme_counts_as_plain_sql_does() -> None:
    orders = runpy.run_path(str(ROOT / "tests/demo/test_orders.py"))
    leaving = [journey for found in orders["expected"]().values() for journey, _ in found]
    invoices = len(orders["read_orders"]().orders)
    thanks, win_backs = leaving.count("first-order-thanks"), leaving.count("win-back")
    told = " ".join(README.split())
    assert f"replays {invoices:,} invoices" in told
    assert f"{thanks:,} thanks for a first order and {win_backs:,} win-backs leave" in told


def test_the_readme_names_every_page() -> None:
    assert [name for name in PAGES if name.count("/") == 1 and f"]({name})" not in README] == []


def test_the_architecture_has_a_line_for_every_room() -> None:
    rooms = {str(path.parent.relative_to(ROOT)) for room in CODE for path in (ROOT / room).rglob("*.py")}
    cells = re.findall(r"^\| (`[a-z/]+`(?:, `[a-z/]+`)*)", ARCHITECTURE.partition("## Layout")[2], re.MULTILINE)
    rows = {row for cell in cells for row in re.findall(r"`([a-z/]+)`", cell)}
    assert rooms <= rows
    assert all((ROOT / row).is_dir() for row in rows)
    assert len(ARCHITECTURE.splitlines()) <= 150


def test_decisions_are_named_and_numbered() -> None:
    names = [Path(name).name for name in PAGES if name.startswith("docs/adr/")]
    for number, name in enumerate(names, 1):
        text = PAGES[f"docs/adr/{name}"]
        assert re.fullmatch(rf"{number:04}(-[a-z0-9]+)+\.md", name)
        assert re.match(rf"# {number}\. [A-Z]", text)
        assert re.findall(r"^\*\*([^*]+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "What it costs"]
        assert len(text.splitlines()) <= 60
    assert len(names) >= 6


def test_decisions_cited_by_number_are_those_linked() -> None:
    for page in PAGES.values():
        for number, target in re.findall(r"\[ADR (\d+)\]\(([^)]+)\)", page):
            assert f"/{int(number):04}-" in f"/{target}"


def test_words_of_the_glossary_are_in_use() -> None:
    words = [word for row in re.findall(r"^\| ([a-z ,]+) \|", GLOSSARY, re.MULTILINE)[1:] for word in row.split(", ")]
    assert set(STYLE_WORDS) < set(words)
    sources = [path.read_text(encoding="utf-8") for room in CODE for path in (ROOT / room).rglob("*.py")]
    everything = "\n".join([*(text for name, text in PAGES.items() if name != "docs/glossary.md"), *sources]).lower()
    assert [word for word in words if not re.search(rf"\b{word}", everything)] == []


def test_the_changelog_tells_of_the_version_that_is_built() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)
    assert re.findall(r"^## \[([^\]]+)\]", PAGES["CHANGELOG.md"], re.MULTILINE)[0] == version


def test_a_false_page_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="no command fly"):
        command("sillage fly --high")
    assert "--high" not in options(command("sillage deploy PATH")[0])
    assert said("`sillage up`\n\n```sh\nsillage down   # bye\n```\n") == ["sillage down", "sillage up"]
