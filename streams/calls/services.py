"""The services that project.yaml of the release in use names, and the secrets that their headers name."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping

from journeys.model.folder import Service
from streams.definitions.plan import read_project
from streams.definitions.shelf import ShelfFault
from streams.secrets import SecretError, read_secrets

log = logging.getLogger("sillage.caller")

VARIABLE = "SILLAGE_SERVICE_SECRETS"
_SECRET = re.compile(r"(?<!\S)secret:([A-Za-z0-9._-]+)")

Blob = tuple[str, bytes]
"""The digest and the bytes of a project."""


class Services:
    """Services by name. `project` gives the project of the release in use, None before the first; `catch_up` returns
    when all that is deployed now is known; `secrets` is the path of the file of secrets, empty for none.
    """

    def __init__(
        self, project: Callable[[], Blob | None], catch_up: Callable[[], Awaitable[None]], secrets: str
    ) -> None:
        self._project = project
        self._catch_up = catch_up
        self._secrets = secrets
        self._read = ""
        self._known: Mapping[str, Service] = {}

    async def find(self, name: str) -> Service | None:
        """The service of this name; a release that a worker was quicker to follow is waited for."""
        found = self._now().get(name)
        if found is None:
            await self._catch_up()
            found = self._now().get(name)
        return found

    def headers(self, service: Service) -> dict[str, str]:
        """The headers of a service, each `secret:NAME` replaced by what the file holds now. Raises SecretError."""
        if not any(map(_SECRET.search, service.headers.values())):
            return service.headers
        if not self._secrets:
            raise SecretError(f"{VARIABLE}: is not set, and a header names a secret; set it to the path of a JSON file")
        held = read_secrets(self._secrets, VARIABLE)

        def secret(found: re.Match[str]) -> str:
            if found[1] not in held:
                raise SecretError(f"{VARIABLE}={self._secrets}: holds no {found[1]}; add it")
            return held[found[1]]

        return {name: _SECRET.sub(secret, value) for name, value in service.headers.items()}

    def _now(self) -> Mapping[str, Service]:
        blob = self._project()
        if blob is not None and blob[0] != self._read:
            self._read = blob[0]
            try:
                self._known = read_project(blob[1]).services
            except ShelfFault as fault:
                log.error("services: %s; those known before stay in use", fault)
        return self._known
