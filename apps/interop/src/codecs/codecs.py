"""Python's codecs: reads one JSON request per line, and writes one JSON answer per line. Values are JSON with tags."""

import base64
import datetime
import decimal
import io
import json
import sys
import uuid
from pathlib import Path

import avro.io
import avro.schema
import fastavro
import snapstream
import snapstream.codecs
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    record_subject_name_strategy,
    topic_record_subject_name_strategy,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

sys.path.insert(0, str(Path(__file__).parent.parent))
from answers import answer_all  # noqa: E402

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
MICROSECOND = datetime.timedelta(microseconds=1)

STRATEGIES = {
    "TopicName": topic_subject_name_strategy,
    "RecordName": record_subject_name_strategy,
    "TopicRecordName": topic_record_subject_name_strategy,
}


def micros_of(time):
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000_000 + time.microsecond


def to_time(micros):
    return (EPOCH + datetime.timedelta(microseconds=micros)).time()


TAGS = {
    "$bytes": base64.b64decode,
    "$date": datetime.date.fromisoformat,
    "$time": to_time,
    "$utc": lambda micros: (EPOCH + datetime.timedelta(microseconds=micros)).replace(tzinfo=UTC),
    "$local": lambda micros: EPOCH + datetime.timedelta(microseconds=micros),
    "$decimal": decimal.Decimal,
    "$uuid": uuid.UUID,
    "$long": int,
}


def to_python(value):
    if isinstance(value, list):
        return [to_python(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag, content = next(iter(value.items()))
        if tag in TAGS:
            return TAGS[tag](content)
        if tag == "$branch":
            return (content[0], to_python(content[1]))
    return {name: to_python(item) for name, item in value.items()}


def to_json(value):
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return {"$local": (value - EPOCH) // MICROSECOND}
        return {"$utc": (value - EPOCH.replace(tzinfo=UTC)) // MICROSECOND}
    if isinstance(value, datetime.date):
        return {"$date": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"$time": micros_of(value)}
    if isinstance(value, decimal.Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, uuid.UUID):
        return {"$uuid": str(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return {"$long": str(value)}
    if isinstance(value, tuple):
        return {"$branch": [value[0], to_json(value[1])]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    return value


def to_text(data):
    return None if data is None else base64.b64encode(data).decode("ascii")


class FastAvro:
    def write(self, schema, value):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
        return out.getvalue()

    def read(self, data, writer, reader):
        parsed = None if reader is None else fastavro.parse_schema(reader)
        return fastavro.schemaless_reader(
            io.BytesIO(data),
            fastavro.parse_schema(writer),
            parsed,
            return_record_name=True,
            return_record_name_override=True,
        )


class ApacheAvro:
    def write(self, schema, value):
        out = io.BytesIO()
        avro.io.DatumWriter(avro.schema.parse(json.dumps(schema))).write(value, avro.io.BinaryEncoder(out))
        return out.getvalue()

    def read(self, data, writer, reader):
        parsed = None if reader is None else avro.schema.parse(json.dumps(reader))
        reading = avro.io.DatumReader(avro.schema.parse(json.dumps(writer)), parsed)
        return reading.read(avro.io.BinaryDecoder(io.BytesIO(data)))


class SnapstreamAvro:
    def codec(self, schema):
        return snapstream.codecs.AvroCodec(avro.schema.parse(json.dumps(schema)))

    def write(self, schema, value):
        return self.codec(schema).encode(value)

    def read(self, data, writer, _):
        return self.codec(writer).decode(data)


LIBRARIES = {"fastavro": FastAvro(), "avro": ApacheAvro(), "snapstream": SnapstreamAvro()}


def serde_of(request):
    client = SchemaRegistryClient({"url": request["registry"]})
    context = SerializationContext(
        request["topic"], MessageField.KEY if request["part"] == "key" else MessageField.VALUE
    )
    conf = {"subject.name.strategy": STRATEGIES[request["subject"]]}
    references = [SchemaReference(**reference) for reference in request["references"]]
    schema = request["schema"]
    registered = None if schema is None else Schema(json.dumps(schema), request["type"], references)
    return client, context, conf, registered


def serialize(request):
    client, context, conf, schema = serde_of(request)
    value = to_python(request["value"])
    conf["auto.register.schemas"] = request["register"]
    if request["type"] == "AVRO":
        return to_text(AvroSerializer(client, schema, conf=conf)(value, context))
    return to_text(JSONSerializer(schema, client, conf=conf)(value, context))


def deserialize(request):
    client, context, conf, schema = serde_of(request)
    data = base64.b64decode(request["bytes"])
    if request["type"] == "AVRO":
        return to_json(AvroDeserializer(client, schema, conf=conf)(data, context))
    return to_json(JSONDeserializer(schema, schema_registry_client=client, conf=conf)(data, context))


def snapstream_codec(request):
    if request["codec"] == "json":
        return snapstream.codecs.JsonCodec()
    if request["codec"] == "avro":
        return snapstream.codecs.AvroCodec(avro.schema.parse(json.dumps(request["schema"])))
    return None


def snapstream_write(request):
    conf = {"bootstrap.servers": request["brokers"]}
    topic = snapstream.Topic(request["topic"], conf, codec=snapstream_codec(request), poll_timeout=0)
    written = len(request["records"])
    for record in request["records"]:
        more = {"headers": [(name, value) for name, value in record["headers"]]} if record["headers"] else {}
        topic(to_python(record["value"]), record["key"], **more)
    # The destructor waits until all records are acknowledged.
    del topic
    return written


def snapstream_read(request):
    conf = {
        "bootstrap.servers": request["brokers"],
        "group.id": request["topic"],
        "auto.offset.reset": "earliest",
    }
    records = []
    topic = snapstream.Topic(request["topic"], conf, codec=snapstream_codec(request))
    for message in topic:
        value = message.value()
        key = message.key()
        records.append(
            {
                "key": None if key is None else key.decode(),
                "value": to_json(value),
                "headers": [[name, content.decode()] for name, content in message.headers() or []],
            }
        )
        if len(records) == request["count"]:
            return records
    return records


def answer(request):
    command = request["command"]
    if command == "hello":
        return True
    if command == "write":
        return to_text(LIBRARIES[request["library"]].write(request["schema"], to_python(request["value"])))
    if command == "read":
        data = base64.b64decode(request["bytes"])
        return to_json(LIBRARIES[request["library"]].read(data, request["writer"], request.get("reader")))
    if command == "serialize":
        return serialize(request)
    if command == "deserialize":
        return deserialize(request)
    if command == "snapstream-write":
        return snapstream_write(request)
    if command == "snapstream-read":
        return snapstream_read(request)
    raise ValueError(f"unknown command: {command}")


answer_all(answer)
