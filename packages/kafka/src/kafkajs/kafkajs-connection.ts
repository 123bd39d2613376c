import type { ClientSettings } from '../driver/driver.ts'
import type { Connect, Connection } from '../wire/protocol/connection.ts'
import { adminRequests } from './admin-requests.ts'
import { groupRequests } from './group-requests.ts'
import { openBroker } from './open-broker.ts'
import { produceRequests } from './produce-requests.ts'
import { fetchRequests } from './fetch-requests.ts'

/** Opens connections to single brokers with KafkaJS. */
export function kafkajsConnect(settings: ClientSettings): Connect {
  return async (address, signal): Promise<Connection> => {
    const broker = await openBroker(settings, address, signal)
    return {
      ...produceRequests(broker),
      ...fetchRequests(broker),
      ...groupRequests(broker),
      ...adminRequests(broker),
      get isOpen() {
        return broker.isOpen()
      },
      close: broker.close,
    }
  }
}
