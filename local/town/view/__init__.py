"""The town as a page of a terminal: its map, and what the engine does meanwhile."""
