"""Quix Streams with its defaults. Arguments: the guarantee, the commit interval in seconds, and the plan."""

import json
import os
import sys
import threading

from quixstreams import Application, message_context

_, guarantee, commit_interval, plan_json = sys.argv
plan = json.loads(plan_json)
instance = plan.get('groupInstanceId')


def end_with_stdin():
    sys.stdin.read()
    os._exit(1)


threading.Thread(target=end_with_stdin, daemon=True).start()

app = Application(
    broker_address=plan['brokers'],
    consumer_group=plan['groupId'],
    auto_offset_reset='earliest',
    commit_interval=float(commit_interval),
    processing_guarantee=guarantee,
    auto_create_topics=False,
    consumer_extra_config={
        'session.timeout.ms': plan['sessionTimeoutMs'],
        'heartbeat.interval.ms': plan['heartbeatIntervalMs'],
        **({'group.instance.id': instance} if instance else {}),
    },
    state_dir=f"{plan['folder']}/{os.getpid()}",
    loglevel='ERROR',
)


def place(_):
    at = message_context()
    return f'{at.partition}/{at.offset}'


source = app.topic(plan['input'], key_deserializer='str', value_deserializer='str')
target = app.topic(plan['output'], key_serializer='str', value_serializer='str')
app.dataframe(source).apply(place).to_topic(target)
app.run()
