"""Quix Streams: at least once, one commit a second; its state in RocksDB, with a changelog topic."""

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


def upper(message):
    message['text'] = message['text'].upper()
    return message


def tally(message, state):
    count, total = state.get('tally', (0, 0))
    count, total = count + 1, total + message['id']
    state.set('tally', (count, total))
    return {'count': count, 'sum': total}


source = app.topic(plan['topic'], key_deserializer='str', value_deserializer='json')
target = app.topic(plan['output'], key_serializer='str', value_serializer='json')
frame = app.dataframe(source)
frame = frame.apply(upper) if sys.argv[1] == 'messages' else frame.apply(tally, stateful=True)
frame.to_topic(target)
app.run()
