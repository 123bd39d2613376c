import type { ClientSettings, Driver } from '../driver/driver.ts'
import type { Connect } from '../wire/protocol/connection.ts'
import { wireDriver } from '../wire/wire-driver.ts'
import { adminRequests } from './admin-requests.ts'
import { fetchRequests } from './fetch-requests.ts'
import { groupRequests } from './group-requests.ts'
import { openBroker } from './internals.ts'
import { produceRequests } from './produce-requests.ts'

/**
 * Makes the default driver of topics, which uses KafkaJS, for Kafka 0.11 and later (SASL from 1.0). KafkaJS is loaded when the
 * first connection is opened.
 */
export function kafkajs(): Driver {
  return wireDriver({
    name: 'kafkajs',
    supports: { ignoredSettings: [], inProcess: false, compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
    connect: kafkajsConnect,
  })
}

/** Opens connections to single brokers. */
export function kafkajsConnect(settings: ClientSettings): Connect {
  return async (address, signal) => {
    const broker = await openBroker(settings, address, signal)
    return {
      ...broker.raw,
      ...fetchRequests(broker),
      ...produceRequests(broker),
      ...groupRequests(broker),
      ...adminRequests(broker),
      isOpen: broker.isOpen,
      close: broker.close,
    }
  }
}
