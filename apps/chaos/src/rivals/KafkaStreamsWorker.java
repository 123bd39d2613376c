import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Kafka Streams with its defaults: at least once, one thread. Arguments: other settings as name=value, and the plan. */
public class KafkaStreamsWorker {
  public static void main(String[] args) throws Exception {
    var plan = new ObjectMapper().readTree(args[args.length - 1]);
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, plan.get("groupId").asText());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, plan.get("brokers").asText());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, plan.get("folder").asText() + "/" + ProcessHandle.current().pid());
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    for (var i = 0; i < args.length - 1; i++) {
      var setting = args[i].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    if (plan.hasNonNull("groupInstanceId"))
      settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), plan.get("groupInstanceId").asText());
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), plan.get("sessionTimeoutMs").asInt());
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), plan.get("heartbeatIntervalMs").asInt());

    var builder = new StreamsBuilder();
    builder.<String, String>stream(plan.get("input").asText()).processValues(Places::new).to(plan.get("output").asText());
    var streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
    streams.start();
    while (System.in.read() >= 0);
    Runtime.getRuntime().halt(1);
  }

  static class Places extends ContextualFixedKeyProcessor<String, String, String> {
    @Override
    public void process(FixedKeyRecord<String, String> record) {
      var at = context().recordMetadata().orElseThrow();
      context().forward(record.withValue(at.partition() + "/" + at.offset()));
    }
  }
}
