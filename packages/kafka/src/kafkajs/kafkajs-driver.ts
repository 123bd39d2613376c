import type { Driver } from '../driver/driver.ts'
import { kafkajsAdmin } from './kafkajs-admin.ts'
import { kafkajsConsumer } from './kafkajs-consumer.ts'
import { kafkajsProducer } from './kafkajs-producer.ts'

/**
 * The driver that topics use by default: Kafka 0.11 and later through KafkaJS's connections and requests.
 *
 * Headers keep the order of the values of one name; names that look like whole numbers come first.
 */
export function kafkajs(): Driver {
  return {
    name: 'kafkajs',
    supports: { ignoredSettings: [], inProcess: false },
    client: (settings) => ({
      admin: () => kafkajsAdmin(settings),
      producer: (producer) => kafkajsProducer(settings, producer),
      consumer: (consumer) => kafkajsConsumer(settings, consumer),
    }),
  }
}
