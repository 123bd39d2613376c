"""Slipstream, as its documentation has it: it waits for each record that it writes."""

import asyncio
import json

from contestant import read_input
from slipstream import Topic, handle, stream

plan = read_input()
source = Topic(plan['topic'], {
    'bootstrap_servers': plan['brokers'],
    'group_id': plan['groupId'],
    'auto_offset_reset': 'earliest',
    'auto_commit_interval_ms': 1000,
})
sink = Topic(plan['output'], {'bootstrap_servers': plan['brokers'], 'acks': 'all'})


@handle(source, sink=[sink])
def pipe(msg):
    message = json.loads(msg.value)
    message['text'] = message['text'].upper()
    return msg.key, json.dumps(message)


asyncio.run(stream())
