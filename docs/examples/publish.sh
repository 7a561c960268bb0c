#!/bin/sh
# Publishes one touchpoint: sh publish.sh localhost:9092 sillage.touchpoints.web
echo '{"id": "o-1001", "type": "order.placed", "customer": "c42", "properties": {"total": 84.5}}' |
  kcat -P -b "$1" -t "$2" -k c42 -X topic.partitioner=murmur2_random
