import type { ClientSettings, Driver } from '../driver/driver.ts'
import type { Connect } from './protocol/connection.ts'
import { wireAdmin } from './wire-admin.ts'
import { wireConsumer } from './wire-consumer.ts'
import { wireProducer } from './produce/wire-producer.ts'
import { transactionalProducer } from './transaction/transactional-producer.ts'

/**
 * Makes a driver out of a client library that can open a connection to one broker and send requests over it. The driver does
 * the rest, in the same way for all libraries: finding brokers, groups, fetching, decoding, retrying. The admins, producers
 * and consumers of the driver reject with the errors that `DriverClient` names.
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
  /** The name in error messages. */
  readonly name: Driver['name']
  /** The optional features of the client library. */
  readonly supports: Driver['supports']
  /** Called once for every admin, producer and consumer. The function that it returns is called for every connection. */
  readonly connect: (settings: ClientSettings) => Connect
}): Driver {
  const { name, supports, connect } = options
  return {
    name,
    supports,
    client: (settings) => ({
      admin: () => wireAdmin(connect(settings), settings),
      producer: (producer) => wireProducer(connect(settings), settings, producer),
      transactionalProducer: (producer) => transactionalProducer(connect(settings), settings, producer),
      consumer: (consumer) => wireConsumer(connect(settings), settings, consumer),
    }),
  }
}
