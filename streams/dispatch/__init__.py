"""Dispatch: an action to its channel, once."""
