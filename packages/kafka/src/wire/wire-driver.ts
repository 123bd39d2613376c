import type { ClientSettings, Driver } from '../driver/driver.ts'
import type { Connect } from './protocol/connection.ts'
import { wireAdmin } from './wire-admin.ts'
import { wireConsumer } from './wire-consumer.ts'
import { wireProducer } from './produce/wire-producer.ts'

/**
 * Makes a driver out of what a client library can do: open a connection to one broker, and send requests over it. All
 * else (finding brokers, groups, fetching, decoding, trying again) is done here, the same for all of them.
 *
 * @example
 * export const myDriver = () =>
 *   wireDriver({
 *     name: 'my-driver',
 *     supports: { ignoredSettings: [], inProcess: false, compression: ['none', 'gzip'] },
 *     connect: (settings) => (address) => openConnection(settings, address),
 *   })
 */
export function wireDriver(options: {
  readonly name: Driver['name']
  readonly supports: Driver['supports']
  /** Called for every admin, producer and consumer; the result for every connection. */
  readonly connect: (settings: ClientSettings) => Connect
}): Driver {
  const { name, supports, connect } = options
  return {
    name,
    supports,
    client: (settings) => ({
      admin: () => wireAdmin(connect(settings), settings),
      producer: (producer) => wireProducer(connect(settings), settings, producer),
      consumer: (consumer) => wireConsumer(connect(settings), settings, consumer),
    }),
  }
}
