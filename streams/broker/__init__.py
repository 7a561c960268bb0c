"""The broker: topics, reading, writing, and where rows come from."""
