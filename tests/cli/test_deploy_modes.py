"""`sillage deploy` with people inside, as a person types it, on a real Kafka: rehearsed, followed, migrated, undone."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from definition_files import files

from cli.main import main
from engine.customer import Customer, Enrollment
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.broker.publish import KafkaPublisher, Out
from streams.definitions.inside import enrollments_standing
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

HEAD = "journey: welcome\ntopic: offers\nttl: 9d\nenter:\n  on: account.created\nsteps:\n"
OLD = HEAD + "  - wait: 1h\n    id: short\n  - wait: 2h\n    id: long\n"
NEW = HEAD + "  - wait: 2h\n    id: long\n  - wait: 3h\n    id: longer\n"


@pytest.fixture
def shop(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The old version deployed, two people inside it at `short` and one at `long`, and the new one on disk."""
    monkeypatch.chdir(tmp_path)
    given = {"kafka": settings.kafka, "prefix": settings.prefix, "partitions": "2", "channels": "web"}
    for name, value in given.items():
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", value)
    write(tmp_path, OLD)
    assert sillage("deploy", "shop").exit_code == 0
    version = sillage("journeys").stdout.splitlines()[1].split()[1]
    asyncio.run(put_inside(settings, {"a": ("short", version), "b": ("short", version), "c": ("long", version)}))
    write(tmp_path, NEW)
    return tmp_path


def write(root: Path, text: str) -> None:
    for name, content in files(welcome=text).items():
        (root / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "shop" / name).write_text(content)


def sillage(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


async def put_inside(settings: Settings, people: Mapping[str, tuple[str, str]], due_at: int = 0) -> None:
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    topic = settings.topic("state")
    epoch = await publisher.append(topic, 0, [Out(marker_key("worker"), b"")])
    for name, (node, version) in people.items():
        customer = Customer(name, name, 1)
        customer.enrollments = [Enrollment(f"e-{name}", "welcome", version, "", 1, 0, {}, node, 1, due_at)]
        await publisher.append(topic, 0, [Out(name.encode(), encode(Record(customer), epoch))])
    await publisher.stop()


def test_a_dry_run_says_who_stays_moves_and_leaves_and_publishes_nothing(shop: Path, settings: Settings) -> None:
    before = asyncio.run(read_shelf(settings)).next_number
    pinned = sillage("deploy", "shop", "--dry-run")
    assert pinned.stdout.splitlines() == [
        "changed: welcome",
        "journey  mode  stay  move  leave",
        "welcome  pin   3     0     0",
        "welcome: node short is gone, 2 stand there; they finish on their version",
    ]
    assert pinned.stderr == "dry run: nothing was changed\n"
    assert sillage("deploy", "shop", "--dry-run", "--mode", "follow").stdout.splitlines()[2:] == [
        "welcome  follow  0     1     2",
        "welcome: node short is gone, 2 stand there; they leave",
    ]
    assert asyncio.run(read_shelf(settings)).next_number == before


def test_a_migration_asks_for_what_its_map_leaves_out(shop: Path) -> None:
    (shop / "map.yaml").write_text("welcome: {}\n")
    refused = sillage("deploy", "shop", "--mode", "migrate", "--map", "map.yaml")
    assert refused.exit_code == 1
    assert refused.stdout == (
        "shop/journeys/welcome.yaml:6:1: J059 node `short` is removed and 2 stand there; hint: write "
        "`welcome: {short: NEW-ID}` into the map, or null for NEW-ID where they shall leave\n"
    )
    (shop / "map.yaml").write_text("welcome: {short: longer}\n")
    ahead = sillage("deploy", "shop", "--mode", "migrate", "--map", "map.yaml", "--dry-run")
    assert ahead.stdout.splitlines()[2:] == [
        "welcome  migrate  0     3     0",
        "welcome: node short is gone, 2 stand there; they go on at longer",
    ]
    assert sillage("deploy", "shop", "--mode", "migrate", "--map", "map.yaml").stdout.startswith("release 2\n")


def test_an_earlier_release_is_put_into_use_once_more(shop: Path) -> None:
    old = sillage("journeys").stdout.splitlines()[1].split()[1]
    sillage("deploy", "shop", "--mode", "follow")
    back = sillage("deploy", "--release", "1", "--mode", "follow")
    assert back.stdout == "release 3\nchanged: welcome\n"
    assert sillage("journeys").stdout.splitlines()[1].split() == ["welcome", old, "open", "3"]
    unknown = sillage("deploy", "--release", "7")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: release 7: not found; there are 1 to 3\n")


def test_who_stands_where_is_counted(shop: Path, settings: Settings) -> None:
    found = asyncio.run(enrollments_standing(settings))
    assert {(name, nodes): number for (name, _, nodes), number in found.items()} == {
        ("welcome", ("short",)): 2,
        ("welcome", ("long",)): 1,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shop", "--mode", "migrate"], "--mode migrate and --map belong together; give both, or neither"),
        (["shop", "--map", "map.yaml"], "--mode migrate and --map belong together; give both, or neither"),
        (["shop", "--release", "1"], "give one of them"),
        ([], "give one of them"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: list[str], said: str) -> None:
    result = sillage("deploy", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.parametrize("text", ["", "- a\n", "welcome: short\n", "welcome: {short: 3}\n", "welcome: {short: [\n"])
def test_a_map_that_is_none_is_refused_with_its_shape(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    result = sillage("deploy", "shop", "--mode", "migrate", "--map", str(path))
    assert result.exit_code == 1
    assert f"{path}" in result.stderr
    assert "Traceback" not in result.output


PAGE = (Path(__file__).parents[2] / "docs/versions.md").read_text()


def test_the_page_is_true(shop: Path) -> None:
    page = PAGE
    (shop / "map.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    printed = []
    for line in page.partition("```sh\n")[2].partition("```")[0].splitlines():
        result = sillage(*line.split()[1:])
        assert result.exit_code == 0, result.output
        printed.append(result.stdout.splitlines()[0])
    assert printed == ["changed: welcome", "changed: welcome", "release 2", "release 3"]


def state() -> str:
    return sillage("journeys").stdout.splitlines()[1].split("  ")[2].strip()


def test_the_page_is_true_of_pauses(shop: Path, settings: Settings) -> None:
    block = PAGE.partition("## Pause and resume")[2].partition("```sh\n")[2].partition("```")[0]
    table = PAGE.partition("```text\n")[2].partition("```")[0]
    states = []
    for line in block.splitlines():
        result = sillage(*line.split()[1:])
        assert result.exit_code == 0, result.output
        states.append((result.stdout, state()))
    assert states == [
        (table, "open"), ("release 2\nchanged: welcome\n", "paused"), (table, "paused"),
        ("release 3\nchanged: welcome\n", "open"),
    ]  # fmt: skip
    assert sillage("pause", "welcome", "--entries-only", "--note", "sold out").exit_code == 0
    assert (state(), shelf_note(settings)) == ("no entries", "sold out")
    assert sillage("resume", "welcome").exit_code == 0
    assert state() == "open"


def test_those_past_due_are_counted_and_what_cannot_be_is_refused(shop: Path, settings: Settings) -> None:
    asyncio.run(put_inside(settings, {"d": ("short", "v")}, due_at=1))
    sillage("pause", "welcome")
    ahead = sillage("resume", "welcome", "--overdue", "exit", "--dry-run")
    assert ahead.stdout.splitlines()[1:] == [
        "welcome  4       1",
        "welcome: 1 are past due; they leave as paused, and what is queued for them is voided, in about 1 s",
    ]
    for arguments, said in (
        (["resume", "welcome"], "say what they do: --overdue go, skip or exit"),
        (["pause", "welcome", "--entries-only"], "paused whole; resume it first"),
        (["pause", "welcom"], "did you mean `welcome`?"),
    ):
        result = sillage(*arguments)
        assert result.exit_code == 1
        assert said in result.stderr


def shelf_note(settings: Settings) -> str:
    release = asyncio.run(read_shelf(settings)).release
    return "" if release is None else release.note
