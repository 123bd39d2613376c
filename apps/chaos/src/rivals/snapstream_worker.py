"""Snapstream for Python as in its documentation, except that the sink does not wait for each record."""

import json
import os
import sys
import threading

from snapstream import Topic, snap, stream

plan = json.loads(sys.argv[1])


def end_with_stdin():
    sys.stdin.read()
    os._exit(1)


threading.Thread(target=end_with_stdin, daemon=True).start()

source = Topic(plan['input'], {
    'bootstrap.servers': plan['brokers'],
    'group.id': plan['groupId'],
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': 1000,
    'session.timeout.ms': plan['sessionTimeoutMs'],
    'heartbeat.interval.ms': plan['heartbeatIntervalMs'],
})
sink = Topic(plan['output'], {'bootstrap.servers': plan['brokers']}, poll_timeout=0)


@snap(source, sink=[sink])
def handle(msg):
    return msg.key(), f'{msg.partition()}/{msg.offset()}'


stream()
