"""Prometheus beside a demo: started where it is installed, told whom to scrape, gone at the end."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from local.errors import LocalError
from local.ports import free_port
from local.process import alive, spawn, stop, wait_for

PROGRAM = "prometheus"
SCRAPE_SECONDS = 1
START_SECONDS = 60.0
STOP_SECONDS = 5.0
P99 = "histogram_quantile(0.99, sum by (le, journey) (rate(sillage_event_to_action_seconds_bucket[15s])))"
CURE = (
    "--observe shows nothing: Prometheus is not installed; `apt install prometheus` (Debian), or https://prometheus.io"
)


@contextmanager
def prometheus(program: str, targets: Mapping[str, int], folder: Path) -> Iterator[str]:
    """A Prometheus that scrapes each of `targets`, a job and its port on this machine, every second; gives its URL.

    It keeps what it has in `folder`. Raises LocalError when it does not start.
    """
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for name, port in targets.items()
    ]
    config, log = folder / "prometheus.yml", folder / "prometheus.log"
    # JSON is YAML.
    config.write_text(
        json.dumps({"global": {"scrape_interval": f"{SCRAPE_SECONDS}s"}, "scrape_configs": jobs}), encoding="utf-8"
    )
    address = f"127.0.0.1:{free_port()}"
    process = spawn(
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
        ],
        log,
    )
    try:
        wait_for(lambda: _ready(address) or not alive(process), START_SECONDS)
        if not _ready(address):
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
            raise LocalError(f"prometheus does not answer at {address}; its last lines:\n" + "\n".join(said))
        yield f"http://{address}"
    finally:
        stop(process, STOP_SECONDS)


@asynccontextmanager
async def observed(names: Iterable[str], notes: list[str]) -> AsyncIterator[Mapping[str, int]]:
    """Prometheus beside the body, which gives each of `names` the port on which it is scraped.

    Where to look is added to `notes`. Without Prometheus that gets the cure, and there are no ports.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        notes.append(CURE)
        yield {}
        return
    ports = {name: free_port() for name in names}
    with tempfile.TemporaryDirectory(prefix="sillage-observe-") as folder:
        beside = prometheus(program, ports, Path(folder))
        url = await asyncio.to_thread(beside.__enter__)
        try:
            notes.append(f"Prometheus, while this lasts: {url}")
            notes.append(f"event to action, 99th percentile by journey: {graph(url, P99)}")
            yield ports
        finally:
            await asyncio.to_thread(beside.__exit__, None, None, None)


def graph(url: str, query: str) -> str:
    """A link to the graph of a query over the last five minutes."""
    return f"{url}/graph?{urlencode({'g0.expr': query, 'g0.tab': 0, 'g0.range_input': '5m'})}"


def _ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
