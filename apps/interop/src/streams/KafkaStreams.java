import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/**
 * What Kafka Streams makes of random records of the topics left and right, by its TopologyTestDriver. Each argument is a seed, and
 * each line of the output an object: `inputs` are [topic, key, value, timestamp], and `outputs`, by operator, [index of the input that
 * caused it, key, value, timestamp]. The key of a window is key@start-end.
 */
public class KafkaStreams {
    private static final Serde<String> TEXT = Serdes.String();

    record Input(String topic, String key, String value, long timestamp) {}

    interface Program {
        void build(KStream<String, String> left, KStream<String, String> right);
    }

    public static void main(String[] seeds) {
        var out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true);
        for (var seed : seeds) {
            var inputs = inputs(Long.parseLong(seed), 240);
            var outputs = new ArrayList<String>();
            programs().forEach((name, program) -> outputs.add(text(name) + ":" + run(inputs, program)));
            var shown = inputs.stream()
                .map(it -> "[" + text(it.topic) + "," + text(it.key) + "," + text(it.value) + "," + it.timestamp + "]").toList();
            out.println("{\"seed\":" + seed + ",\"inputs\":" + shown + ",\"outputs\":{" + String.join(",", outputs) + "}}");
        }
    }

    /** Times go on by up to 12 s, and a quarter of the records is late by up to 9 s. Some are tombstones. */
    private static List<Input> inputs(long seed, int count) {
        var random = new Random(seed);
        var list = new ArrayList<Input>();
        long time = 1_000_000;
        for (int i = 0; i < count; i++) {
            time += random.nextInt(10) < 7 ? random.nextInt(1500) : random.nextInt(12_000);
            long timestamp = time - (random.nextInt(4) == 0 ? random.nextInt(9000) : 0);
            var key = "k" + random.nextInt(5);
            var topic = random.nextInt(2) == 0 ? "left" : "right";
            var value = random.nextInt(20) == 0 ? null : topic.charAt(0) + "" + i;
            list.add(new Input(topic, key, value, timestamp));
        }
        return list;
    }

    private static List<String> run(List<Input> inputs, Program program) {
        var builder = new StreamsBuilder();
        var settings = new Properties();
        settings.put("application.id", "reference-" + UUID.randomUUID());
        settings.put("bootstrap.servers", "127.0.0.1:1");
        settings.put("default.key.serde", Serdes.StringSerde.class);
        settings.put("default.value.serde", Serdes.StringSerde.class);
        settings.put("statestore.cache.max.bytes", "0");
        // On disk each record is synced.
        settings.put("dsl.store.suppliers.class", BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        settings.put("state.dir", System.getProperty("java.io.tmpdir") + "/kafka-streams-reference");
        program.build(builder.stream("left", Consumed.with(TEXT, TEXT)), builder.stream("right", Consumed.with(TEXT, TEXT)));
        var outputs = new ArrayList<String>();
        try (var driver = new TopologyTestDriver(builder.build(), settings, Instant.ofEpochMilli(0))) {
            var left = driver.createInputTopic("left", new StringSerializer(), new StringSerializer());
            var right = driver.createInputTopic("right", new StringSerializer(), new StringSerializer());
            var out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
            for (int i = 0; i < inputs.size(); i++) {
                var input = inputs.get(i);
                (input.topic.equals("left") ? left : right).pipeInput(input.key, input.value, input.timestamp);
                for (var record : out.readRecordsToList())
                    outputs.add("[" + i + "," + text(record.key()) + "," + text(record.value()) + "," + record.timestamp() + "]");
            }
        }
        return outputs;
    }

    private static Map<String, Program> programs() {
        var programs = new LinkedHashMap<String, Program>();
        var grace = Duration.ofMillis(3000);
        var tumbling = TimeWindows.ofSizeAndGrace(Duration.ofMillis(10_000), grace);
        programs.put("tumbling 10000 grace 3000 final", (l, r) -> write(windows(l, tumbling)
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))));
        programs.put("tumbling 10000 grace 3000 updates", (l, r) -> write(windows(l, tumbling)));
        programs.put("hopping 10000 every 4000 grace 3000 final", (l, r) -> write(windows(l, tumbling.advanceBy(Duration.ofMillis(4000)))
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))));
        programs.put("sliding 6000 grace 3000 final", (l, r) -> write(values(l).groupByKey(Grouped.with(TEXT, TEXT))
            .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(6000), grace))
            .aggregate(() -> "", (k, v, all) -> sorted(all, v), Materialized.with(TEXT, TEXT))
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))));
        programs.put("session gap 4000 grace 3000 final", (l, r) -> write(values(l).groupByKey(Grouped.with(TEXT, TEXT))
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(4000), grace))
            .aggregate(() -> "", (k, v, all) -> sorted(all, v), (k, one, other) -> sorted(one, other), Materialized.with(TEXT, TEXT))
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))));

        var within = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(5000), Duration.ofMillis(2000));
        var after = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(0), Duration.ofMillis(2000)).after(Duration.ofMillis(5000));
        var joined = StreamJoined.with(TEXT, TEXT, TEXT);
        programs.put("join stream inner 5000 grace 2000", (l, r) -> to(l.join(r, KafkaStreams::pair, within, joined)));
        programs.put("join stream inner 0..5000 grace 2000", (l, r) -> to(l.join(r, KafkaStreams::pair, after, joined)));
        programs.put("join stream left 5000 grace 2000", (l, r) -> to(l.leftJoin(r, KafkaStreams::pair, within, joined)));
        programs.put("join stream outer 5000 grace 2000", (l, r) -> to(l.outerJoin(r, KafkaStreams::pair, within, joined)));
        programs.put("join stream-table inner", (l, r) -> to(values(l).join(table(r), KafkaStreams::pair)));
        programs.put("join stream-table left", (l, r) -> to(values(l).leftJoin(table(r), KafkaStreams::pair)));
        programs.put("join table-table inner", (l, r) -> to(table(l).join(table(r), KafkaStreams::pair).toStream()));
        programs.put("join table-table left", (l, r) -> to(table(l).leftJoin(table(r), KafkaStreams::pair).toStream()));
        programs.put("join table-table outer", (l, r) -> to(table(l).outerJoin(table(r), KafkaStreams::pair).toStream()));
        programs.put("running aggregate", (l, r) -> to(values(l).groupByKey(Grouped.with(TEXT, TEXT)).count().toStream().mapValues(String::valueOf)));
        return programs;
    }

    private static KTable<Windowed<String>, String> windows(KStream<String, String> left, TimeWindows windows) {
        return values(left).groupByKey(Grouped.with(TEXT, TEXT)).windowedBy(windows)
            .aggregate(() -> "", (k, v, all) -> all.isEmpty() ? v : all + "," + v, Materialized.with(TEXT, TEXT));
    }

    private static KStream<String, String> values(KStream<String, String> stream) {
        return stream.filter((key, value) -> value != null);
    }

    private static KTable<String, String> table(KStream<String, String> stream) {
        return stream.toTable(Materialized.with(TEXT, TEXT));
    }

    private static String pair(String left, String right) {
        return left + "+" + right;
    }

    private static String sorted(String one, String other) {
        var values = new ArrayList<>(Arrays.asList((one + "," + other).split(",")));
        values.removeIf(String::isEmpty);
        values.sort(null);
        return String.join(",", values);
    }

    private static void write(KTable<Windowed<String>, String> windows) {
        to(windows.toStream().map((window, value) ->
            KeyValue.pair(window.key() + "@" + window.window().start() + "-" + window.window().end(), value)));
    }

    private static void to(KStream<String, String> results) {
        results.to("out", Produced.with(TEXT, TEXT));
    }

    private static String text(String value) {
        return value == null ? "null" : "\"" + value + "\"";
    }
}
