"""Windows or joins of Quix Streams: at least once, one commit a second; their state in RocksDB, with changelog topics."""

import sys

from contestant import read_input
from quixstreams import Application

plan = read_input()
app = Application(
    broker_address=plan['brokers'],
    consumer_group=plan['groupId'],
    auto_offset_reset='earliest',
    commit_interval=1.0,
    producer_extra_config={'linger.ms': 5, 'acks': 'all', 'queue.buffering.max.messages': 1_000_000},
    state_dir=plan['folder'],
    loglevel='ERROR',
)


def read(topic):
    return app.dataframe(app.topic(topic, key_deserializer='str', value_deserializer='json'))


def pair(left, right):
    return {'left': left['id'], 'right': right['id']}


if sys.argv[1] == 'windows':
    frame = read(plan['topic']).tumbling_window(duration_ms=plan['sizeMs']).count().final(closing_strategy='partition')
    frame = frame.apply(lambda result: {'start': result['start'], 'count': result['value']})
else:
    left, right = read(plan['topic']), read(plan['right'])
    frame = left.join_interval(
        right,
        how='inner',
        on_merge=pair,
        grace_ms=plan['graceMs'],
        backward_ms=plan['withinMs'],
        forward_ms=plan['withinMs'],
    )
frame.to_topic(app.topic(plan['output'], key_serializer='str', value_serializer='json'))
app.run()
