"""OpenTelemetry and Prometheus in Python: reads one JSON request per line from stdin, and writes one JSON answer per line."""

from answers import answer_all
from confluent_kafka import Consumer, Producer
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from prometheus_client.parser import text_string_to_metric_families

PATIENCE_S = 40
providers = {}


def tracer(request):
    """A tracer that exports to an address of OTLP over HTTP in protobuf."""
    otlp = request["otlp"]
    if otlp not in providers:
        provider = TracerProvider(resource=Resource.create({"service.name": "python"}))
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{otlp}/v1/traces")))
        providers[otlp] = provider
    return providers[otlp].get_tracer("interop")


class AsList(propagate.textmap.Setter):
    """Headers of confluent-kafka are pairs."""

    def set(self, carrier, key, value):
        carrier.append((key, value.encode()))


class FromPairs(propagate.textmap.Getter):
    def get(self, carrier, key):
        return [value.decode() for name, value in carrier if name == key] or None

    def keys(self, carrier):
        return [name for name, _ in carrier]


def send(request):
    """Sends values, each in a span of its own."""
    producer = Producer({"bootstrap.servers": request["brokers"]})
    for value in request["values"]:
        with tracer(request).start_as_current_span(f"send {request['topic']}", kind=trace.SpanKind.PRODUCER):
            headers = []
            propagate.inject(headers, setter=AsList())
            producer.produce(request["topic"], value=value, key=value, headers=headers)
    left = producer.flush(PATIENCE_S)
    if left:
        raise RuntimeError(f"{left} records were not sent")
    return len(request["values"])


def receive(request):
    """Receives values, each in a span that continues the trace of its headers."""
    consumer = Consumer(
        {
            "bootstrap.servers": request["brokers"],
            "group.id": request["topic"],
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([request["topic"]])
    values = []
    while len(values) < request["count"]:
        message = consumer.poll(PATIENCE_S)
        if message is None or message.error():
            raise RuntimeError(f"received {len(values)} values, then {message and message.error()}")
        context = propagate.extract(message.headers() or [], getter=FromPairs())
        with tracer(request).start_as_current_span(f"receive {request['topic']}", context, trace.SpanKind.CONSUMER):
            values.append(message.value().decode())
    consumer.close()
    return values


def parse(request):
    """Reads Prometheus' text format by Prometheus' own parser."""
    return [
        {"name": family.name, "type": family.type, "samples": [[one.name, one.labels, one.value] for one in family.samples]}
        for family in text_string_to_metric_families(request["text"])
    ]


COMMANDS = {"send": send, "receive": receive, "parse": parse}
answer_all(lambda request: COMMANDS[request["command"]](request))
