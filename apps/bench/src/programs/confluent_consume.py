"""librdkafka, by its client for Python, in batches: what Python has that is fast."""

import uuid

from confluent_kafka import Consumer
from contestant import Stopwatch, read_input

plan = read_input()
watch = Stopwatch(plan['records'])
consumer = Consumer({
    'bootstrap.servers': plan['brokers'],
    'group.id': str(uuid.uuid4()),
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': 1000,
})
consumer.subscribe([plan['topic']])
while True:
    messages = consumer.consume(5000, 1)
    if messages:
        watch.saw(len(messages), sum(len(message.value()) for message in messages))
