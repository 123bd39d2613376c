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
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
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
          case "transactions" -> Transactions.write(request);
          case "process" -> Transactions.process(request);
          case "leaveOpen" -> Transactions.leaveOpen(request);
          case "allow" -> allow(request);
          case "withdraw" -> withdraw(request);
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

  /** Allows a user operations on resources. */
  static JsonNode allow(JsonNode request) throws Exception {
    var made = new ArrayList<AclBinding>();
    for (var right : request.get("rights")) made.add(right(request, right));
    try (var admin = Admin.create(settings(request))) {
      admin.createAcls(made).all().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
    }
    return JSON.getNodeFactory().numberNode(made.size());
  }

  /** Takes back what `allow` has allowed. */
  static JsonNode withdraw(JsonNode request) throws Exception {
    var filters = new ArrayList<AclBindingFilter>();
    for (var right : request.get("rights")) filters.add(right(request, right).toFilter());
    try (var admin = Admin.create(settings(request))) {
      var withdrawn = admin.deleteAcls(filters).all().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
      return JSON.getNodeFactory().numberNode(withdrawn.size());
    }
  }

  static AclBinding right(JsonNode request, JsonNode right) {
    var pattern = new ResourcePattern(
        ResourceType.valueOf(right.get("resource").asText()), right.get("name").asText(),
        PatternType.valueOf(right.get("pattern").asText()));
    var operation = AclOperation.valueOf(right.get("operation").asText());
    return new AclBinding(
        pattern, new AccessControlEntry("User:" + request.get("user").asText(), "*", operation, AclPermissionType.ALLOW));
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
    return settings(request, "settings");
  }

  /** @param field of the request with the settings, for a request with those of two clients */
  static Map<String, Object> settings(JsonNode request, String field) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", request.get("brokers").asText());
    if (request.has(field))
      for (var entry : request.get(field).properties()) settings.put(entry.getKey(), entry.getValue().asText());
    return settings;
  }

  static byte[] bytes(JsonNode node) {
    return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
  }

  static String base64(byte[] bytes) {
    return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
  }
}

/** Producers and applications that write in transactions. */
class Transactions {
  static KafkaProducer<byte[], byte[]> producer(JsonNode request) {
    var producer = new KafkaProducer<>(
        Interop.settings(request, "producer"), new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }

  /** Writes a list of transactions; each commits or aborts. */
  static JsonNode write(JsonNode request) throws Exception {
    var count = 0;
    try (var producer = producer(request)) {
      for (var transaction : request.get("transactions")) {
        producer.beginTransaction();
        for (var record : transaction.get("records"))
          producer.send(new ProducerRecord<>(
              request.get("topic").asText(), record.get("partition").asInt(), Interop.bytes(record.get("key")),
              Interop.bytes(record.get("value"))));
        producer.flush();
        if (transaction.get("commit").asBoolean()) producer.commitTransaction();
        else producer.abortTransaction();
        count += transaction.get("records").size();
      }
    }
    return Interop.JSON.getNodeFactory().numberNode(count);
  }

  /**
   * Copies `count` records from one topic to another as a member of a group: each poll is a transaction with its offsets. Every
   * third transaction is aborted, and its records are read again. Answers with the number of aborted transactions.
   */
  static JsonNode process(JsonNode request) {
    var target = request.get("target").asText();
    var metadata = request.get("metadata").asText();
    var left = request.get("count").asInt();
    var aborted = 0;
    var deadline = System.currentTimeMillis() + Interop.PATIENCE_MS;
    try (var consumer = new KafkaConsumer<>(
            Interop.settings(request, "consumer"), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var producer = producer(request)) {
      consumer.subscribe(List.of(request.get("topic").asText()));
      for (var turn = 1; left > 0; ) {
        if (System.currentTimeMillis() > deadline) throw new IllegalStateException(left + " records did not come");
        var records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
        var starts = new HashMap<TopicPartition, Long>();
        for (var record : records) {
          var at = new TopicPartition(record.topic(), record.partition());
          starts.putIfAbsent(at, record.offset());
          offsets.put(at, new OffsetAndMetadata(record.offset() + 1, metadata));
          producer.send(new ProducerRecord<>(target, record.partition(), record.key(), record.value()));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        if (turn++ % 3 == 2) {
          producer.abortTransaction();
          starts.forEach(consumer::seek);
          aborted++;
        } else {
          producer.commitTransaction();
          left -= records.count();
        }
      }
    }
    return Interop.JSON.getNodeFactory().numberNode(aborted);
  }

  /**
   * Commits the offset 0 of a partition with metadata, and leaves a transaction with the offset 1 of it open, as a process that
   * dies does.
   */
  static JsonNode leaveOpen(JsonNode request) throws Exception {
    var group = new ConsumerGroupMetadata(request.get("group").asText());
    var at = new TopicPartition(request.get("topic").asText(), 0);
    var metadata = request.get("metadata").asText();
    var producer = producer(request);
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(Map.of(at, new OffsetAndMetadata(0, metadata)), group);
    producer.commitTransaction();
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(Map.of(at, new OffsetAndMetadata(1, metadata)), group);
    // Without a time to close in, it does not abort.
    producer.close(Duration.ZERO);
    return Interop.JSON.getNodeFactory().booleanNode(true);
  }
}
