"""What a definition that cannot run is told as."""


class DefinitionError(ValueError):
    """A definition that cannot run: `journey NAME, PATH: what is wrong; the cure`. `check` finds it before a deploy."""
