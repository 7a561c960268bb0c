"""Tokens for OAUTHBEARER by the client credentials grant (RFC 6749, 4.4), kept until shortly before their end."""

import asyncio
import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from aiokafka.abc import AbstractTokenProvider
from kafka.net.sasl.oauth import AbstractTokenProvider as AdminTokenProvider

EARLY_SECONDS = 30.0
"""A token is renewed so long before its end, or at nine tenths of a shorter life."""
_ANSWER_SECONDS = 10.0
_LARGEST = 1 << 20


class TokenError(OSError):
    """The token endpoint gave no token: its address, what it answered, and the variables to look at.

    An OSError, so that clients take it for a broker that they cannot reach, and try again.
    """


class Tokens:
    """Asks `url` for tokens as `client`, from any thread. `secret` is asked each time, so that it may change."""

    def __init__(
        self,
        url: str,
        client: str,
        secret: Callable[[], str],
        scope: str = "",
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client
        self._secret = secret
        self._scope = scope
        self._tls = tls
        self._seconds = seconds
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """One that still lives for a while. Raises TokenError."""
        with self._lock:
            if self._seconds() >= self._until:
                asked_at = self._seconds()
                self._token, life_seconds = self._ask()
                self._until = asked_at + max(life_seconds - EARLY_SECONDS, life_seconds * 0.9)
            return self._token

    def _ask(self) -> tuple[str, float]:
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        login = f"{quote(self._client, safe='')}:{quote(self._secret(), safe='')}"
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}", "Accept": "application/json"}
        # urlsplit has seen that it is http or https when the settings were read.
        request = urllib.request.Request(self._url, urlencode(form).encode(), headers)
        tls = self._tls() if self._url.startswith("https:") else None
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=tls) as answer:
                return _token_of(json.loads(answer.read(_LARGEST)))
        except urllib.error.HTTPError as refusal:
            cure = "look at SILLAGE_KAFKA_USER and SILLAGE_KAFKA_PASSWORD"
            raise TokenError(f"{self._url}: answers {refusal.code} to the client {self._client}; {cure}") from None
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as fault:
            reason = getattr(fault, "reason", None) or type(fault).__name__
            cure = "look at SILLAGE_KAFKA_TOKEN_URL"
            raise TokenError(f"{self._url}: gives no token ({reason}); {cure}") from None


class LoopTokens(AbstractTokenProvider):  # type: ignore[misc]
    """What aiokafka asks, at each new connection."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def token(self) -> str:
        return await asyncio.to_thread(self._tokens.token)


class AdminTokens(AdminTokenProvider):  # type: ignore[misc]
    """What kafka-python asks, at each new connection."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens

    def token(self) -> str:
        return self._tokens.token()


def _token_of(answer: dict[str, Any]) -> tuple[str, float]:
    """The token and how long it lives (s); one that does not say is asked for again each time."""
    token = answer["access_token"]
    if not isinstance(token, str) or not token:
        raise ValueError("no access_token")
    return token, float(answer.get("expires_in", 0))
