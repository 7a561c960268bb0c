"""Every client of Kafka and Redis in the house is made with the options of one place, so that none goes unlocked."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("cli", "local", "streams", "state", "channels", "engine", "journeys")
OPTIONS = {
    "AIOKafkaConsumer": {"client_options", "credentials_to_aiokafka_auth"},
    "AIOKafkaProducer": {"client_options"},
    "AIOKafkaAdminClient": {"client_options"},
    "KafkaAdminClient": {"admin_options"},
    "KafkaConsumer": {"admin_options"},
    "KafkaProducer": {"admin_options"},
    "from_url": {"redis_options", "access", "options"},
}
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def unlocked(text: str) -> list[int]:
    """The lines where a client is made without the options of the one place."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        wanted = OPTIONS.get(_name(node.func))
        given = {_name(value) for word in node.keywords if word.arg is None for value in [word.value]}
        if wanted and not wanted & given:
            found.append(node.lineno)
    return found


def _name(node: ast.expr) -> str:
    match node:
        case ast.Call():
            return _name(node.func)
        case ast.Attribute():
            return node.attr
        case ast.Name():
            return node.id
    return ""


def test_no_client_is_made_without_security() -> None:
    found = {str(path.relative_to(ROOT)): unlocked(path.read_text()) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_there_are_clients_to_look_at() -> None:
    text = "".join(path.read_text() for path in FILES)
    assert text.count("**client_options(") >= 10
    assert text.count("redis_options(") >= 4


@pytest.mark.parametrize(
    "text",
    [
        "AIOKafkaConsumer(bootstrap_servers=x)",
        "aiokafka.AIOKafkaProducer(**more)",
        "KafkaAdminClient(**client_options(b))",
        "Redis.from_url(settings.redis)",
    ],
)
def test_an_unlocked_client_is_found(text: str) -> None:
    assert unlocked(text) == [1]
