"""The worker with the journeys that ship: the floor, and the real engine over the real catalog."""

from pathlib import Path

from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.worker import Floor
from engine.catalog import Catalog
from journeys.load import load_project
from streams.driver import catalog_of
from streams.processor import deciding

DEFINITIONS = Path(__file__).resolve().parents[2] / "journeys" / "definitions"
TEXTS = {".yaml", ".txt", ".html"}


def shipped() -> Catalog:
    """The catalog that a deploy of the shipped definitions makes."""
    files = (path for path in DEFINITIONS.rglob("*") if path.suffix in TEXTS)
    return catalog_of(load_project({path.relative_to(DEFINITIONS).as_posix(): path.read_text() for path in files}))


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """The floor with the engine."""
    catalog = shipped()
    floor = Floor(run, tell, deciding(lambda: catalog))
    await floor.work(asked)
    tell("result", **floor.figures())


if __name__ == "__main__":
    play(work)
