"""Snapstream for Python, as its documentation has it; the sink does not wait for each record."""

import json
import sys

from contestant import Stopwatch, read_input
from snapstream import Topic, snap, stream

plan = read_input()
mode = sys.argv[1]
source = Topic(plan['topic'], {
    'bootstrap.servers': plan['brokers'],
    'group.id': plan['groupId'],
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': 1000,
})

if mode == 'consume':
    watch = Stopwatch(plan['records'])

    @snap(source)
    def count(msg):
        watch.saw(1, len(msg.value()))

else:
    producer = {'bootstrap.servers': plan['brokers'], 'linger.ms': 5, 'queue.buffering.max.messages': 1_000_000}
    sink = Topic(plan['output'], producer, poll_timeout=0)

    @snap(source, sink=[sink])
    def handle(msg):
        message = json.loads(msg.value())
        message['text'] = message['text'].upper()
        return msg.key(), json.dumps(message)


stream()
