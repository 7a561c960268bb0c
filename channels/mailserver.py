"""Where mails go: the URL of a mail server, read."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

CONNECTIONS = 4


@dataclass(frozen=True)
class Server:
    """Where mails go, read from a URL: smtp://host:port, smtps://, user:password@, ?starttls=1, connections=8."""

    host: str
    port: int
    tls: bool = False
    starttls: bool = False
    user: str | None = None
    password: str | None = None
    connections: int = CONNECTIONS

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Raises ValueError that names what is wrong with the URL, without its password."""
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        connections = asked.get("connections", str(CONNECTIONS))
        if not re.fullmatch(r"[1-9][0-9]{0,2}", connections, re.ASCII):
            raise ValueError("the SMTP server's connections are 1 to 999, as in smtp://host:587?connections=8")
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the SMTP server's URL is like smtp://user:password@host:587?starttls=1 or smtps://host")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            tls=tls,
            starttls=asked.get("starttls") == "1",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            connections=int(connections),
        )
