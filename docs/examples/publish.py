"""Publishes one touchpoint: `python publish.py localhost:9092 sillage.touchpoints.web`."""

import json
import sys

from kafka import KafkaProducer

bootstrap, topic = sys.argv[1:]
producer = KafkaProducer(bootstrap_servers=bootstrap, value_serializer=lambda event: json.dumps(event).encode())
order = {"id": "o-1001", "type": "order.placed", "customer": "c42", "properties": {"total": 84.5}}
producer.send(topic, key=order["customer"].encode(), value=order).get(timeout=30)
producer.close()
