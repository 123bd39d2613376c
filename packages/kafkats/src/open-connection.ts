import type { ClientSettings } from '@snapstream/kafka/driver'
import type { Crc32c, RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import { openSocket, rawRequests } from '@snapstream/kafka/wire'
import type { BrokerAddress, Connection } from '@snapstream/kafka/wire'
import { adminRequests } from './admin-requests.ts'
import { fetchRequests } from './fetch-requests.ts'
import { groupRequests } from './group-requests.ts'
import { brokerOver, callerOver } from './internals.ts'
import { produceRequests } from './produce-requests.ts'

export interface OpenOptions {
  readonly settings: ClientSettings
  readonly encode: RecordBatchEncoder
  /** Computes the checksums to check fetched batches. Undefined: batches are not checked. */
  readonly checkWith: Crc32c | undefined
  readonly signal: AbortSignal
}

/** Connects to a broker in one attempt. Rejects when the signal is aborted, after it has closed the socket. */
export async function openConnection(
  address: BrokerAddress,
  { settings, encode, checkWith, signal }: OpenOptions,
): Promise<Connection> {
  const socket = await openSocket(address, settings, signal)
  const broker = brokerOver(socket, address, settings.clientId)
  const call = callerOver(socket, address)
  const raw = rawRequests(socket, address, settings.clientId)
  return {
    ...raw,
    ...fetchRequests(broker, call, checkWith),
    ...produceRequests(broker, call, encode, raw),
    ...groupRequests(broker, call),
    ...adminRequests(broker, call),
    isOpen: socket.isOpen,
    close: socket.close,
  }
}
