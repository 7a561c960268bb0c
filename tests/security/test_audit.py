"""`make audit` asks a service that answers as OSV does about every package, and fails where one is vulnerable."""

import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from aiohttp import web

from local.threaded import ThreadedHttp

ROOT = Path(__file__).resolve().parents[2]
FAULT = {
    "id": "PYSEC-2026-1",
    "modified": "2026-01-02T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "made up by a test",
    "aliases": ["CVE-2026-0001"],
    "affected": [
        {
            "package": {"name": "msgspec", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


class Osv(ThreadedHttp):
    """Knows of one fault, in a package that is installed, once `knows` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, str] = {}
        self.knows = False

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/v1/query", self._query)]

    async def _query(self, request: web.Request) -> web.Response:
        query = await request.json()
        self.asked[query["package"]["name"]] = query["version"]
        found = self.knows and query["package"]["name"] == "msgspec"
        return web.json_response({"vulns": [FAULT]} if found else {})


def audit(osv: Osv) -> subprocess.CompletedProcess[str]:
    asking = f"AUDIT_ARGS=--osv-url http://127.0.0.1:{osv.port}/v1/query"
    return subprocess.run(["make", "--silent", "audit", asking], cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_make_audit_asks_about_all_and_names_what_is_vulnerable() -> None:
    with Osv() as osv:
        sound = audit(osv)
        assert sound.returncode == 0, sound.stderr
        wanted = {name: version(name) for name in ("aiokafka", "faust-streaming", "redis", "uvloop", "yarl")}
        assert wanted.items() <= osv.asked.items()
        osv.knows = True
        found = audit(osv)
    assert found.returncode != 0
    [row] = [line for line in found.stdout.splitlines() if line.startswith("msgspec")]
    assert row.split() == ["msgspec", version("msgspec"), "PYSEC-2026-1", "99.0"]
