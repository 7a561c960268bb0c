"""The faults of local services, each of which names what was looked for, what was found and the cure."""


class LocalError(Exception):
    """A local service that could not be found, started or stopped. The message is for a person, with the cure."""


class MissingToolError(LocalError):
    """Something that must be installed is not there: `{what}: not found ({looked}); {cure}`."""

    def __init__(self, what: str, looked: str, cure: str) -> None:
        super().__init__(f"{what}: not found (looked for {looked}); {cure}")


class StartError(LocalError):
    """A process or container that did not come up; the message ends with the last words of its log."""
