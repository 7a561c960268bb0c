"""Definitions: deployed on a topic, followed by every process."""
