import type { Answer, BrokerAddress } from '../protocol/connection.ts'
import type { Api } from './api.ts'

/** FindCoordinator: the broker that coordinates the transactions of a transactional id. */
export const FIND_TRANSACTION_COORDINATOR: Api<{ readonly transactionalId: string }, Answer & BrokerAddress> = {
  name: 'FindCoordinator',
  key: 10,
  // From version 4 on a request has several keys.
  versions: [1, 3],
  flexibleSince: 3,
  write(to, { transactionalId }) {
    to.string(transactionalId)
    to.int8(TRANSACTION)
    to.tags()
  },
  read(from) {
    const throttleMs = from.int32()
    const errorCode = from.int16()
    // The broker's message.
    from.nullableString()
    return { throttleMs, errorCode, nodeId: from.int32(), host: from.string(), port: from.int32() }
  },
}

/** The key type of transactional ids. */
const TRANSACTION = 1
