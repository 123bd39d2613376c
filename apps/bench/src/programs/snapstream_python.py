"""Snapstream for Python, as its documentation has it; the sink does not wait for each record."""

import json
import sys
import uuid

from contestant import Stopwatch, read_input
from snapstream import Topic, snap, stream

plan = read_input()
mode = sys.argv[1]
source = Topic(plan['topic'], {
    'bootstrap.servers': plan['brokers'],
    # One of its own where none is given: in that of the round before it would go on behind what was read.
    'group.id': plan.get('groupId', str(uuid.uuid4())),
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
