"""What the floor of the engine takes, measured against programs that do the same work with less: `make bench-floor`."""
