"""The settings of a command: the environment, and where it is silent, what `sillage up` remembers in this project."""

import re
from typing import Any

from pydantic import ValidationError

from cli.errors import CliError
from local import services
from streams.settings import Settings


def load_settings(**given: Any) -> Settings:
    """Settings: `given` first, then SILLAGE_* of the environment, then the addresses of the last `up`, then defaults.

    Raises CliError, which names the variable that is wrong.
    """
    try:
        settings = Settings(**given)
        known = services.recall(settings.data)
        remembered = {name: getattr(known, name) for name in services.NAMES} if known else {}
        return Settings(**{**remembered, **given})
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        # A password may hold any character, and a URL that is wrong anything at all.
        if not name:
            # Settings that do not fit each other: the message names them.
            raise CliError(first["msg"].removeprefix("Value error, ")) from problem
        hidden = name in ("log_key", "kafka_password")
        found = "***" if hidden else re.sub(r"^(\w[\w+.-]*://)?.*@", r"\1***@", str(first["input"]))
        message = first["msg"].removeprefix("Value error, ")
        if choices := re.fullmatch(r"\^\(([\w|]+)\)\$", str(first.get("ctx", {}).get("pattern"))):
            message = f"expected one of {', '.join(choices[1].split('|'))}"
        raise CliError(f"SILLAGE_{name.upper()}={found}: {message}; set it right or unset it") from problem
