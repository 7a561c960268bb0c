"""The demo: real orders through a real Kafka, worker and dispatcher, in event time, watched from outside."""
