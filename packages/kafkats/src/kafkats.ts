import type { Driver } from '@snapstream/kafka/driver'
import { recordBatchEncoder } from '@snapstream/kafka/record-batch'
import { wireDriver } from '@snapstream/kafka/wire'
import { checkProtocol } from './check-protocol.ts'
import { loadCrc32c } from './load-crc32c.ts'
import { openConnection } from './open-connection.ts'

/** The options of `kafkats`. */
export interface KafkatsOptions {
  /**
   * Whether batches are checked against their checksums when they are read. The check costs 1 to 2% of reading. A batch that was
   * damaged on the network or on a disk of the broker is one failed record with `KAFKA_FAILED`, and reaches no handler.
   *
   * @default true
   */
  readonly checkCrcs?: boolean
}

/**
 * Makes a driver for topics over connections of `@kafkats/client`, for Kafka 2.8 and later. A pipeline needs about half of the
 * CPU that it needs with KafkaJS.
 *
 * @example
 * Conf({ brokers: 'localhost:9092', driver: kafkats() })
 */
export function kafkats({ checkCrcs = true }: KafkatsOptions = {}): Driver {
  checkProtocol()
  const crc32c = loadCrc32c()
  const encode = recordBatchEncoder({ crc32c })
  return wireDriver({
    name: 'kafkats',
    supports: {
      ignoredSettings: [],
      inProcess: false,
      compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    },
    connect: (settings) => (address, signal) =>
      openConnection(address, { settings, encode, checkWith: checkCrcs ? crc32c : undefined, signal }),
  })
}
