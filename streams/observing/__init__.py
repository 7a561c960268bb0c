"""What a process tells of single events: its log, and traces through Kafka (docs/observing.md)."""
