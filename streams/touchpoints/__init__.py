"""Touchpoints: what comes in, from bytes to one canonical event or a dead letter."""
