"""The JSON Schema of an account, from its structs and what their docstrings say."""

from typing import Any

import msgspec

from engine.why.account import Account


def account_schema() -> dict[str, Any]:
    """What `sillage why --json` prints, as docs/schemas/why.schema.json says it."""
    found: dict[str, Any] = msgspec.json.schema(Account)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sillage why --json", **found}
