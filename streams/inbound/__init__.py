"""What comes back over HTTP: what providers tell of messages, and what people answer (docs/inbound.md)."""
