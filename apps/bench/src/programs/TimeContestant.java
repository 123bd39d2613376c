import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/** Windows or joins of Kafka Streams, with one thread, at least once. Takes `windows` or `joins`, the linger in ms, and the input. */
public class TimeContestant {
  static final ObjectMapper JSON = new ObjectMapper();

  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static class Message {
    public long id;
    public String text;
  }

  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static class WindowCount {
    public long start;
    public long count;

    static WindowCount of(long start, long count) {
      var result = new WindowCount();
      result.start = start;
      result.count = count;
      return result;
    }
  }

  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static class Pair {
    public long left;
    public long right;

    static Pair of(Message left, Message right) {
      var pair = new Pair();
      pair.left = left.id;
      pair.right = right.id;
      return pair;
    }
  }

  /** Readers and writers for one type are what Jackson recommends for speed. */
  static <T> Serde<T> json(Class<T> type) {
    var reader = JSON.readerFor(type);
    var writer = JSON.writerFor(type);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return value == null ? null : writer.writeValueAsBytes(value);
          } catch (Exception error) {
            throw new RuntimeException(error);
          }
        },
        (topic, bytes) -> {
          try {
            return bytes == null ? null : reader.<T>readValue(bytes);
          } catch (Exception error) {
            throw new RuntimeException(error);
          }
        });
  }

  public static void main(String[] args) throws Exception {
    var input = JSON.readTree(args[2]);
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, input.get("groupId").asText());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, input.get("brokers").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, input.get("folder").asText());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), Integer.parseInt(args[1]));
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), 10485760);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");

    var builder = new StreamsBuilder();
    if (args[0].equals("windows")) windows(builder, input);
    else joins(builder, input);
    var streams = new KafkaStreams(builder.build(), settings);
    streams.start();
    while (System.in.read() >= 0);
    Runtime.getRuntime().halt(0);
  }

  static void windows(StreamsBuilder builder, JsonNode input) {
    var size = Duration.ofMillis(input.get("sizeMs").asLong());
    builder.stream(input.get("topic").asText(), Consumed.with(Serdes.String(), json(Message.class)))
        .groupByKey(Grouped.with(Serdes.String(), json(Message.class)))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(size))
        .emitStrategy(EmitStrategy.onWindowClose())
        .count(
            Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long())
                .withCachingEnabled())
        .toStream()
        .map((key, count) -> KeyValue.pair(key.key(), WindowCount.of(key.window().start(), count)))
        .to(input.get("output").asText(), Produced.with(Serdes.String(), json(WindowCount.class)));
  }

  static void joins(StreamsBuilder builder, JsonNode input) {
    var within = Duration.ofMillis(input.get("withinMs").asLong());
    var grace = Duration.ofMillis(input.get("graceMs").asLong());
    var message = json(Message.class);
    var left = builder.stream(input.get("topic").asText(), Consumed.with(Serdes.String(), message));
    var right = builder.stream(input.get("right").asText(), Consumed.with(Serdes.String(), message));
    left.join(
            right,
            Pair::of,
            JoinWindows.ofTimeDifferenceAndGrace(within, grace),
            StreamJoined.with(Serdes.String(), message, message).withName("joins").withStoreName("joins"))
        .to(input.get("output").asText(), Produced.with(Serdes.String(), json(Pair.class)));
  }
}
