import type { Driver } from '../driver/driver.ts'
import { wireDriver } from '../wire/wire-driver.ts'
import { kafkajsConnect } from './kafkajs-connection.ts'

/**
 * The driver that topics use by default: Kafka 0.11 and later through KafkaJS's connections and requests. KafkaJS is
 * loaded with the first connection.
 */
export function kafkajs(): Driver {
  return wireDriver({
    name: 'kafkajs',
    supports: { ignoredSettings: [], inProcess: false, compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
    connect: kafkajsConnect,
  })
}
