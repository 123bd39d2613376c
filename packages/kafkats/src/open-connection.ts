import type { ClientSettings } from '@snapstream/kafka/driver'
import type { Crc32c, RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import { openSocket, unreadable, unsupported } from '@snapstream/kafka/wire'
import type { BrokerAddress, Connection } from '@snapstream/kafka/wire'
import { adminRequests } from './admin-requests.ts'
import { fetchRequests } from './fetch-requests.ts'
import { groupRequests } from './group-requests.ts'
import { brokerOver } from './internals.ts'
import { produceRequests } from './produce-requests.ts'

export interface OpenOptions {
  readonly settings: ClientSettings
  readonly encode: RecordBatchEncoder
  /** Undefined: what is fetched is not checked. */
  readonly checkWith: Crc32c | undefined
  readonly signal: AbortSignal
}

/** Sends one request through the client. Rejects with a SnapstreamError. */
export type Call = <T extends { readonly throttleTimeMs: number }>(api: string, send: () => Promise<T>) => Promise<T>

/** Connects to a broker, once. Rejects when the signal is aborted, and leaves nothing open then. */
export async function openConnection(
  address: BrokerAddress,
  { settings, encode, checkWith, signal }: OpenOptions,
): Promise<Connection> {
  const socket = await openSocket(address, settings, signal)
  const broker = brokerOver(socket, address, settings.clientId)

  const call: Call = async (api, send) => {
    try {
      const answer = await send()
      socket.mute(answer.throttleTimeMs)
      return answer
    } catch (error) {
      throw error instanceof Error && error.name === 'UnsupportedVersionError'
        ? unsupported(address, api)
        : unreadable(error, address, api)
    }
  }

  return {
    ...fetchRequests(broker, call, checkWith),
    ...produceRequests(broker, call, encode),
    ...groupRequests(broker, call),
    ...adminRequests(broker, call),
    get isOpen() {
      return socket.isOpen
    },
    close: socket.close,
  }
}
