"""confluent-kafka: reads one JSON request per line from stdin, and writes one JSON answer per line to stdout."""

import base64
import threading
import time

from answers import answer_all
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

PATIENCE_S = 40


def to_bytes(text):
    return None if text is None else base64.b64decode(text)


def to_text(data):
    return None if data is None else base64.b64encode(data).decode("ascii")


def line(message):
    return {
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": to_text(message.key()),
        "value": to_text(message.value()),
        "headers": [[name, to_text(value)] for name, value in message.headers() or []],
    }


def produce(request):
    producer = Producer({"bootstrap.servers": request["brokers"], **request["settings"]})
    acknowledged = []
    failed = []

    def report(error, message):
        (failed if error else acknowledged).append(error or message)

    for record in request["records"]:
        placed = {} if record.get("partition") is None else {"partition": record["partition"]}
        producer.produce(
            request["topic"],
            key=to_bytes(record["key"]),
            value=to_bytes(record["value"]),
            headers=[(name, to_bytes(value)) for name, value in record["headers"]],
            timestamp=record["timestamp"],
            on_delivery=report,
            **placed,
        )
        producer.poll(0)
    left = producer.flush(PATIENCE_S)
    if failed or left:
        raise RuntimeError(f"{left} records were not sent, {len(failed)} failed: {failed[:1]}")
    return len(acknowledged)


def consume(request):
    topic = request["topic"]
    consumer = Consumer(
        {
            "bootstrap.servers": request["brokers"],
            "group.id": "not-joined",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "check.crcs": True,
            # The broker reports the end of a partition after this wait.
            "fetch.wait.max.ms": 20,
            **request["settings"],
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        reading = set(partitions)
        records = []
        deadline = time.monotonic() + PATIENCE_S
        while reading:
            if time.monotonic() > deadline:
                raise RuntimeError(f"read {len(records)} records of {topic}, not all of the partitions {reading}")
            for message in consumer.consume(1000, timeout=0.05):
                error = message.error()
                if error is None:
                    records.append(line(message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    reading.discard(message.partition())
                else:
                    raise KafkaException(error)
        return records
    finally:
        consumer.close()


class Member:
    """A member of a group that reads until it is told to leave."""

    def __init__(self, request):
        self.records = []
        self.assigned = []
        self.error = None
        self.leaving = threading.Event()
        self.consumer = Consumer(
            {
                "bootstrap.servers": request["brokers"],
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                **request["settings"],
            }
        )
        self.consumer.subscribe([request["topic"]], on_assign=self.on_assign, on_revoke=self.on_revoke)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # A cooperative strategy passes only the partitions that are added or revoked.
    def on_assign(self, _, partitions):
        self.assigned = sorted({*self.assigned, *(at.partition for at in partitions)})

    def on_revoke(self, _, partitions):
        self.assigned = sorted({*self.assigned} - {at.partition for at in partitions})

    def run(self):
        try:
            while not self.leaving.is_set():
                message = self.consumer.poll(0.05)
                if message is None:
                    continue
                if message.error():
                    raise KafkaException(message.error())
                self.consumer.commit(message=message, asynchronous=False)
                self.records.append(line(message))
        except Exception as error:  # raised by the next call of state()
            self.error = error
        finally:
            self.consumer.close()

    def state(self):
        if self.error:
            raise self.error
        return {"assigned": self.assigned, "records": list(self.records)}

    def leave(self):
        self.leaving.set()
        self.thread.join(PATIENCE_S)
        return self.state()


member = None


def answer(request):
    global member
    command = request["command"]
    if command == "produce":
        return produce(request)
    if command == "consume":
        return consume(request)
    if command == "join":
        member = Member(request)
        return True
    if command == "state":
        return member.state()
    if command == "leave":
        return member.leave()
    raise ValueError(f"unknown command: {command}")


answer_all(answer)
