// SPDX-License-Identifier: Apache-2.0
// A client with a schema registry's own Avro serialiser and deserialiser, as a team beside us would
// write it. Run as source: java -cp '<jars>/*' RegistryClient.java ARGUMENTS
//
//   produce BROKER REGISTRY TOPIC SCHEMA_FILE   sends the lines of the standard input: a JSON
//                                               object each, with the fields that have no default
//   consume BROKER REGISTRY COUNT TOPIC...      prints COUNT records: {"topic":…, "key":…, "value":…}

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class RegistryClient {
    private static final long PATIENCE_MS = 60_000;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[1]);
        properties.put("apicurio.registry.url", arguments[2]);
        // Confluent's framing, and its ids: one for each content.
        properties.put("apicurio.registry.headers.enabled", "false");
        properties.put("apicurio.registry.id-handler",
                "io.apicurio.registry.serde.Legacy4ByteIdHandler");
        properties.put("apicurio.registry.use-id", "contentId");
        String[] rest = Arrays.copyOfRange(arguments, 4, arguments.length);
        if (arguments[0].equals("produce")) {
            produce(properties, arguments[3], new Schema.Parser().parse(new File(rest[0])));
        } else {
            consume(properties, Integer.parseInt(arguments[3]), rest);
        }
    }

    private static void produce(Properties properties, String topic, Schema schema)
            throws Exception {
        properties.put("key.serializer", StringSerializer.class.getName());
        properties.put("value.serializer",
                "io.apicurio.registry.serde.avro.AvroKafkaSerializer");
        properties.put("apicurio.registry.auto-register", "true");
        properties.put("apicurio.registry.artifact-resolver-strategy",
                "io.apicurio.registry.serde.strategy.TopicIdStrategy");
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader lines = new BufferedReader(
                new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (KafkaProducer<String, GenericRecord> producer = new KafkaProducer<>(properties)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                GenericRecord record = build(schema, mapper.readTree(line));
                String key = record.get("customer").toString();
                producer.send(new ProducerRecord<>(topic, key, record)).get();
            }
        }
    }

    private static GenericRecord build(Schema schema, JsonNode fields) {
        GenericRecordBuilder builder = new GenericRecordBuilder(schema);
        fields.fields().forEachRemaining(each -> builder.set(
                each.getKey(), value(schema.getField(each.getKey()).schema(), each.getValue())));
        return builder.build();
    }

    private static Object value(Schema schema, JsonNode node) {
        return switch (schema.getType()) {
            case UNION -> value(schema.getTypes().stream()
                    .filter(branch -> branch.getType() != Schema.Type.NULL).findFirst()
                    .orElseThrow(), node);
            case ENUM -> new GenericData.EnumSymbol(schema, node.asText());
            case LONG -> node.asLong();
            case INT -> node.asInt();
            default -> node.asText();
        };
    }

    private static void consume(Properties properties, int count, String[] topics) {
        properties.put("key.deserializer", StringDeserializer.class.getName());
        properties.put("value.deserializer",
                "io.apicurio.registry.serde.avro.AvroKafkaDeserializer");
        properties.put("group.id", "registry-client");
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", "read_committed");
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        int seen = 0;
        try (KafkaConsumer<String, GenericRecord> consumer = new KafkaConsumer<>(properties)) {
            consumer.subscribe(Arrays.asList(topics));
            while (seen < count && System.currentTimeMillis() < deadline) {
                for (ConsumerRecord<String, GenericRecord> record
                        : consumer.poll(Duration.ofMillis(200))) {
                    System.out.printf("{\"topic\": \"%s\", \"key\": \"%s\", \"value\": %s}%n",
                            record.topic(), record.key(), record.value());
                    seen++;
                }
            }
        }
        if (seen < count) {
            System.err.printf("%d of %d records after %d s%n", seen, count, PATIENCE_MS / 1000);
            System.exit(1);
        }
    }
}
