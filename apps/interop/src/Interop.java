import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's Java client: reads one JSON request per line from stdin, and writes one JSON answer per line to stdout. */
public class Interop {
  static final ObjectMapper JSON = new ObjectMapper();
  static final long PATIENCE_MS = 40_000;
  static final double TOO_LARGE = 9007199254740992.0;

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (var line = in.readLine(); line != null; line = in.readLine()) {
      var answer = JSON.createObjectNode();
      try {
        var request = JSON.readTree(line);
        answer.set("ok", switch (request.get("command").asText()) {
          case "produce" -> produce(request);
          case "consume" -> consume(request);
          case "outcomes" -> outcomes(request);
          case "transact" -> transact(request);
          case "readAndCommit" -> readAndCommit(request);
          case "bytesOnDisk" -> bytesOnDisk(request);
          default -> throw new IllegalArgumentException("unknown command in " + line);
        });
      } catch (Exception error) {
        answer.put("error", error.toString());
      }
      out.println(answer);
    }
  }

  static JsonNode produce(JsonNode request) throws Exception {
    var topic = request.get("topic").asText();
    var sent = new ArrayList<Future<RecordMetadata>>();
    try (var producer = new KafkaProducer<>(settings(request), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (var record : request.get("records")) {
        var headers = new ArrayList<Header>();
        for (var header : record.get("headers"))
          headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
        var partition = record.hasNonNull("partition") ? record.get("partition").asInt() : null;
        var timestamp = record.get("timestamp").asLong();
        sent.add(producer.send(new ProducerRecord<>(
            topic, partition, timestamp, bytes(record.get("key")), bytes(record.get("value")), headers)));
      }
      producer.flush();
      for (var future : sent) future.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
    }
    return JSON.getNodeFactory().numberNode(sent.size());
  }

  static JsonNode consume(JsonNode request) {
    var topic = request.get("topic").asText();
    var records = JSON.createArrayNode();
    try (var consumer = new KafkaConsumer<>(settings(request), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(partitionsOf(consumer, topic));
      consumer.seekToBeginning(consumer.assignment());
      readToEnds(consumer, record -> records.add(line(record)));
    }
    return records;
  }

  static List<TopicPartition> partitionsOf(KafkaConsumer<byte[], byte[]> consumer, String topic) {
    return consumer.partitionsFor(topic).stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .sorted(Comparator.comparingInt(TopicPartition::partition))
        .toList();
  }

  /** Reads the assigned partitions to their present ends. */
  static void readToEnds(KafkaConsumer<byte[], byte[]> consumer, Consumer<ConsumerRecord<byte[], byte[]>> each) {
    var ends = consumer.endOffsets(consumer.assignment());
    var deadline = System.currentTimeMillis() + PATIENCE_MS;
    while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      if (System.currentTimeMillis() > deadline) throw new IllegalStateException("did not reach the ends " + ends);
      consumer.poll(Duration.ofMillis(200)).forEach(each);
    }
  }

  /** Sends records without waiting in between. Answers with the error of each one, or null if it was acknowledged. */
  static JsonNode outcomes(JsonNode request) throws Exception {
    var outcomes = JSON.createArrayNode();
    var sent = new ArrayList<Future<RecordMetadata>>();
    try (var producer = new KafkaProducer<>(settings(request), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (var record : request.get("records"))
        sent.add(producer.send(new ProducerRecord<>(
            request.get("topic").asText(), record.get("partition").asInt(), record.get("timestamp").asLong(),
            bytes(record.get("key")), bytes(record.get("value")))));
      producer.flush();
      for (var future : sent)
        try {
          future.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
          outcomes.addNull();
        } catch (ExecutionException error) {
          outcomes.add(error.getCause().toString());
        }
    }
    return outcomes;
  }

  /** Writes `count` records with the same key and value in a transaction, and commits or aborts it. */
  static JsonNode transact(JsonNode request) throws Exception {
    try (var producer = new KafkaProducer<>(settings(request), new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      var count = request.get("count").asInt();
      for (var i = 0; i < count; i++)
        producer.send(new ProducerRecord<>(request.get("topic").asText(), 0, bytes(request.get("key")), bytes(request.get("value"))));
      producer.flush();
      if (request.get("commit").asBoolean()) producer.commitTransaction();
      else producer.abortTransaction();
      return JSON.getNodeFactory().numberNode(count);
    }
  }

  /** Reads a topic to its end, commits the position, and answers with the committed offsets by partition. */
  static JsonNode readAndCommit(JsonNode request) {
    var topic = request.get("topic").asText();
    var committed = JSON.createArrayNode();
    try (var consumer = new KafkaConsumer<>(settings(request), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partitions = partitionsOf(consumer, topic);
      consumer.assign(partitions);
      readToEnds(consumer, record -> {});
      consumer.commitSync();
      var offsets = consumer.committed(new HashSet<>(partitions));
      for (var partition : partitions) committed.add(offsets.get(partition).offset());
    }
    return committed;
  }

  /** The size of a topic in the log of the broker, over all partitions. */
  static JsonNode bytesOnDisk(JsonNode request) throws Exception {
    var topic = request.get("topic").asText();
    var bytes = 0L;
    try (var admin = Admin.create(settings(request))) {
      var nodes = admin.describeCluster().nodes().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
      var ids = nodes.stream().map(node -> node.id()).toList();
      var folders = admin.describeLogDirs(ids).allDescriptions().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
      for (var folder : folders.values())
        for (var log : folder.values())
          for (var replica : log.replicaInfos().entrySet())
            if (replica.getKey().topic().equals(topic)) bytes += replica.getValue().size();
    }
    return JSON.getNodeFactory().numberNode(bytes);
  }

  static ObjectNode line(ConsumerRecord<byte[], byte[]> record) {
    var line = JSON.createObjectNode();
    line.put("partition", record.partition()).put("offset", record.offset());
    // JavaScript numbers hold 53 bits.
    if (Math.abs((double) record.timestamp()) < TOO_LARGE) line.put("timestamp", record.timestamp());
    else line.put("timestamp", Long.toString(record.timestamp()));
    line.put("key", base64(record.key())).put("value", base64(record.value()));
    ArrayNode headers = line.putArray("headers");
    for (var header : record.headers()) headers.addArray().add(header.key()).add(base64(header.value()));
    return line;
  }

  static Map<String, Object> settings(JsonNode request) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", request.get("brokers").asText());
    if (request.has("settings"))
      for (var entry : request.get("settings").properties()) settings.put(entry.getKey(), entry.getValue().asText());
    return settings;
  }

  static byte[] bytes(JsonNode node) {
    return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
  }

  static String base64(byte[] bytes) {
    return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
  }
}
