"""Metrics: what a process tells Prometheus and its watchdog."""
