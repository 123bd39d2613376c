import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** A store of Kafka Streams, with one thread. Takes what to do, `restore` or `count`, and the input. */
public class StoresContestant {
  static final ObjectMapper JSON = new ObjectMapper();
  static final int COMMIT_MS = 1000;

  /** Ends when the work is done. */
  static final CountDownLatch done = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    var input = JSON.readTree(args[1]);
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, input.get("groupId").asText());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, input.get("brokers").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, input.get("folder").asText());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MS);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    // The next run has the same group.
    settings.put(StreamsConfig.mainConsumerPrefix("internal.leave.group.on.close"), true);

    var builder = new StreamsBuilder();
    var source = builder.stream(input.get("topic").asText(), Consumed.with(Serdes.String(), Serdes.String()));
    var restored = new Restored();
    var counted = new Counted(input.get("records").asLong());
    if (args[0].equals("restore")) {
      var supplier = Stores.persistentKeyValueStore("entries");
      builder.addStateStore(Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.String()));
      var samples = new Samples(input.get("keyPrefix").asText(), input.get("samples").asInt());
      source.process(() -> samples.processor(), "entries");
    } else {
      var supplier = Stores.persistentKeyValueStore("counts");
      builder.addStateStore(Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.Long()).withCachingEnabled());
      source.process(() -> counted.processor(), "counts");
    }
    var streams = new KafkaStreams(builder.build(), settings);
    streams.setGlobalStateRestoreListener(restored);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return null;
        });
    streams.start();
    done.await();
    var outcome = args[0].equals("restore") ? restored.outcome(input) : counted.outcome(streams, input);
    streams.close(Duration.ofSeconds(10));
    System.out.println(JSON.writeValueAsString(outcome));
    while (System.in.read() >= 0);
    Runtime.getRuntime().halt(0);
  }

  /** Measures from the first restore of a partition to the end of the last. */
  static class Restored implements StateRestoreListener {
    private long started;
    private long ended;
    private long records;

    @Override
    public synchronized void onRestoreStart(TopicPartition partition, String store, long start, long end) {
      if (started == 0) started = System.nanoTime();
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public synchronized void onRestoreEnd(TopicPartition partition, String store, long total) {
      ended = System.nanoTime();
      records += total;
    }

    synchronized Map<String, Object> outcome(JsonNode input) {
      var expected = input.get("records").asLong();
      if (records != expected) throw new IllegalStateException("it restored " + records + " records, and not " + expected);
      return outcomeOf(records, ended - started);
    }
  }

  /** Compares messages with the entries of the store. */
  static class Samples {
    private final String prefix;
    private int left;

    Samples(String prefix, int count) {
      this.prefix = prefix;
      this.left = count;
    }

    ContextualProcessor<String, String, Void, Void> processor() {
      return new ContextualProcessor<>() {
        private KeyValueStore<String, String> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
          super.init(context);
          store = context.getStateStore("entries");
        }

        @Override
        public void process(Record<String, String> message) {
          var found = store.get(prefix + message.key());
          if (!message.value().equals(found))
            throw new IllegalStateException(message.key() + " is " + found + ", and not " + message.value());
          if (--left == 0) done.countDown();
        }
      };
    }
  }

  /** Counts the records of each key. */
  static class Counted {
    private final long records;
    private long seen;
    private long sum;
    private long started;
    private long ended;

    Counted(long records) {
      this.records = records;
    }

    ContextualProcessor<String, String, Void, Void> processor() {
      return new ContextualProcessor<>() {
        private KeyValueStore<String, Long> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
          super.init(context);
          store = context.getStateStore("counts");
        }

        @Override
        public void process(Record<String, String> message) {
          if (seen == 0) started = System.nanoTime();
          var before = store.get(message.key());
          var count = (before == null ? 0 : before) + 1;
          store.put(message.key(), count);
          sum += count;
          if (++seen < records) return;
          ended = System.nanoTime();
          done.countDown();
        }
      };
    }

    Map<String, Object> outcome(KafkaStreams streams, JsonNode input) throws Exception {
      // The last counts are committed.
      Thread.sleep(2 * COMMIT_MS);
      var figures =
          Map.of(
              "stateFiles", openFiles(input.get("folder").asText()),
              "checkpointMs", commitLatency(streams, "commit-latency-avg"),
              "checkpointMaxMs", commitLatency(streams, "commit-latency-max"));
      var outcome = outcomeOf(seen, ended - started);
      outcome.put("checksum", seen + " records, counts of " + sum);
      outcome.put("figures", figures);
      return outcome;
    }
  }

  /** The number of messages comes first in an outcome. */
  static Map<String, Object> outcomeOf(long messages, long nanoseconds) {
    var outcome = new LinkedHashMap<String, Object>();
    outcome.put("messages", messages);
    outcome.put("ms", nanoseconds / 1e6);
    return outcome;
  }

  static double commitLatency(KafkaStreams streams, String name) {
    return streams.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals(name))
        .filter(metric -> metric.metricName().group().equals("stream-thread-metrics"))
        .mapToDouble(metric -> (double) metric.metricValue())
        .max()
        .orElseThrow();
  }

  /** The number of files in a folder that this process has open. */
  static int openFiles(String folder) {
    var count = 0;
    for (var handle : new File("/proc/self/fd").listFiles()) {
      try {
        if (Files.readSymbolicLink(Path.of(handle.getPath())).startsWith(folder)) count++;
      } catch (IOException closedMeanwhile) {
        // It is not open any more.
      }
    }
    return count;
  }
}
