import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams with one thread. Takes what to do, `messages` or `tallies`, the linger in ms, the guarantee (`at_least_once` or
 * `exactly_once_v2`), and the input.
 */
public class StreamsContestant {
  static final ObjectMapper JSON = new ObjectMapper();

  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static class Message {
    public long id;
    public String text;
  }

  @JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
  public static class Tally {
    public long count;
    public long sum;
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
    var input = JSON.readTree(args[3]);
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, input.get("groupId").asText());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, input.get("brokers").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, input.get("folder").asText());
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[2]);
    // With transactions, the default of Kafka Streams.
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, args[2].equals("at_least_once") ? 1000 : 100);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), Integer.parseInt(args[1]));
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), 10485760);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");

    var builder = new StreamsBuilder();
    KStream<String, Message> source =
        builder.stream(input.get("topic").asText(), Consumed.with(Serdes.String(), json(Message.class)));
    var output = input.get("output").asText();
    if (args[0].equals("messages")) {
      source.mapValues(StreamsContestant::transform).to(output, Produced.with(Serdes.String(), json(Message.class)));
    } else {
      var supplier = Stores.persistentKeyValueStore("tallies");
      builder.addStateStore(Stores.keyValueStoreBuilder(supplier, Serdes.String(), json(Tally.class)).withCachingEnabled());
      source.processValues(Tallies::new, "tallies").to(output, Produced.with(Serdes.String(), json(Tally.class)));
    }
    var streams = new KafkaStreams(builder.build(), settings);
    streams.start();
    while (System.in.read() >= 0);
    Runtime.getRuntime().halt(0);
  }

  static Message transform(Message message) {
    message.text = message.text.toUpperCase();
    return message;
  }

  static class Tallies extends ContextualFixedKeyProcessor<String, Message, Tally> {
    private KeyValueStore<String, Tally> store;

    @Override
    public void init(FixedKeyProcessorContext<String, Tally> context) {
      super.init(context);
      store = context.getStateStore("tallies");
    }

    @Override
    public void process(FixedKeyRecord<String, Message> record) {
      var before = store.get(record.key());
      var tally = new Tally();
      tally.count = (before == null ? 0 : before.count) + 1;
      tally.sum = (before == null ? 0 : before.sum) + record.value().id;
      store.put(record.key(), tally);
      context().forward(record.withValue(tally));
    }
  }
}
