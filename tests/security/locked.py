"""A Kafka, a Redis and a token endpoint that ask who is there, as processes and threads of this machine."""

import base64
import json
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from security.authority import Authority, Pair
from tools import tool

from local.kafka import KafkaServer
from local.redis import RedisServer

USER, PASSWORD = "sillage", "Sesam-7_Zimt.Nelke"
LESSER = ("worker", "dispatcher", "deployer", "upstream", "learner", "serve", "privacy", "reader")
"""Users of SCRAM who may do what Kafka's ACLs let them, and nothing else. The password is the same."""
DOORS = {"SCRAM": "SASL_SSL", "LOGIN": "SASL_PLAINTEXT", "MUTUAL": "SSL", "OLD": "SSL", "TOKEN": "SASL_PLAINTEXT"}
RIGHTS = Path(__file__).parents[2] / "docs" / "security.md"
_MODULES = "org.apache.kafka.common.security"


class LockedKafka(KafkaServer):
    """One broker with a door of each kind: `MUTUAL` asks for a certificate, that of `OLD` has ended.

    The door of the others stays open, for the tests to look from behind.
    """

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        self.port_names = ("port", "controller_port", *DOORS)
        self._authority = authority
        self._pairs = {"": authority.issue("broker"), "OLD": authority.issue("old-broker", days=-1)}
        self.format_arguments = [
            word
            for name in (USER, *LESSER)
            for kind in ("256", "512")
            for word in ("--add-scram", f"SCRAM-SHA-{kind}=[name={name},password={PASSWORD}]")
        ]

    def door(self, name: str) -> str:
        """The bootstrap address of a door."""
        return f"127.0.0.1:{self.ports()[name]}"

    def properties(self) -> dict[str, str]:
        found = super().properties()
        for name, protocol in DOORS.items():
            found["listeners"] += f",{name}://{self.door(name)}"
            found["advertised.listeners"] += f",{name}://{self.door(name)}"
            found["listener.security.protocol.map"] += f",{name}:{protocol}"
        return {**found, **self._stores(), **_logins(), **_AUTHORIZER}

    def _stores(self) -> dict[str, str]:
        found = {"listener.name.mutual.ssl.client.auth": "required"}
        for door in ("scram", "mutual", "old"):
            pair = self._pairs["OLD" if door == "old" else ""]
            at = f"listener.name.{door}.ssl"
            found |= {f"{at}.keystore.type": "PEM", f"{at}.keystore.location": pair.both}
            found |= {f"{at}.truststore.type": "PEM", f"{at}.truststore.location": self._authority.ca}
        return found


_AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:ANONYMOUS;User:{USER};User:CN={USER}",
}


def _logins() -> dict[str, str]:
    unsecured = f"{_MODULES}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"
    scram = f"{_MODULES}.scram.ScramLoginModule required;"
    return {
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.scram.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.scram.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.login.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.login.plain.sasl.jaas.config": (
            f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        ),
        "listener.name.token.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.token.oauthbearer.sasl.jaas.config": (
            f'{_MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
        "listener.name.token.oauthbearer.sasl.server.callback.handler.class": unsecured,
    }


class LockedRedis(RedisServer):
    """A Redis behind TLS with the one user of docs/security.md. It asks for a client's certificate where `mutual`."""

    def __init__(self, folder: Path, authority: Authority, pair: Pair | None = None, *, mutual: bool = False) -> None:
        super().__init__(folder)
        self._authority = authority
        self._pair = pair or authority.issue("redis")
        self._client = authority.issue("redis-client")
        self._mutual = mutual

    @property
    def address(self) -> str:
        return f"rediss://{USER}@127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Pair:
        return self._client

    def answers(self) -> bool:
        from local.ports import is_free

        return not is_free(self.port)

    def prepare(self) -> list[str]:
        rights = acl().replace("PASSWORD", PASSWORD).replace("{sillage.", "{t")
        (self.folder / "users.acl").write_text(f"user default off\n{rights}\n")
        _, *rest = super().prepare()
        rest[rest.index("--port") + 1] = "0"
        tls = ["--tls-port", str(self.port), "--tls-cert-file", self._pair.cert, "--tls-key-file", self._pair.key]
        tls += ["--tls-ca-cert-file", self._authority.ca, "--tls-auth-clients", "yes" if self._mutual else "no"]
        return [tool("redis-server"), *rest, *tls, "--aclfile", str(self.folder / "users.acl")]


def acl() -> str:
    """The line of Redis' ACL that docs/security.md tells."""
    return next(line for line in RIGHTS.read_text().splitlines() if line.startswith("user sillage on"))


class TokenDesk:
    """A token endpoint: gives unsecured JWTs of `life_seconds` to the client USER with PASSWORD. Use as a context."""

    def __init__(self, life_seconds: int = 300) -> None:
        self.life_seconds = life_seconds
        self.asked: list[dict[str, list[str]]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                desk.asked.append(form)
                login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
                status, answer = (200, desk.answer()) if login == f"{USER}:{PASSWORD}" else (401, {"error": "invalid"})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"

    def answer(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {"sub": USER, "iat": now, "exp": now + self.life_seconds, "jti": str(len(self.asked))}
        token = f"{_part({'alg': 'none'})}.{_part(claims)}."
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.life_seconds}

    def __enter__(self) -> "TokenDesk":
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def secret_file(folder: Path, text: str = PASSWORD, name: str = "password") -> str:
    """A file with a secret that nobody else may read."""
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def last_line(log: str, forbidden: Sequence[str] = (PASSWORD,)) -> str:
    """The last line of a process's log, in which there is neither a traceback nor a secret."""
    assert "Traceback" not in log, log
    assert not [word for word in forbidden if word in log], log
    return log.splitlines()[-1]
