import { Broker, Encoder, encodeRequestHeader, getApiName } from '@kafkats/client'
import type { ApiKey } from '@kafkats/client'
import { unreadable, unsupported } from '@snapstream/kafka/wire'
import type { BrokerAddress, OpenSocket } from '@snapstream/kafka/wire'

/**
 * The internals of `@kafkats/client` that this driver uses: the two connections over which a `Broker` sends its requests, and
 * the versions of requests that it expects a broker to support. The version of the package is pinned, and `internals.test.ts`
 * fails when one of these is gone.
 */
interface BrokerInternals {
  connection: BrokerConnection
  fetchConnection: BrokerConnection
  readonly apiVersions: Map<number, { readonly min: number; readonly max: number }>
}

interface BrokerConnection {
  readonly isConnected: boolean
  send(apiKey: ApiKey, apiVersion: number, encode: (encoder: Encoder) => void, timeoutMs?: number): Promise<Buffer>
}

/** The client adds it to the wait that a request allows the broker. It is 0 because the socket has the time-outs. */
const REQUEST_TIMEOUT_MS = 0
const LENGTH_BYTES = 4

/**
 * The requests of the client over a socket of this project. The client's own socket accepts invalid lengths, sends a proof of the
 * password for any number of iterations, and cannot be closed at once. Its second socket, for fetching, is not needed, because
 * fetching has separate connections.
 */
export function brokerOver(socket: OpenSocket, { host, port, nodeId }: BrokerAddress, clientId: string): Broker {
  const broker = new Broker({ host, port, nodeId, clientId, requestTimeoutMs: REQUEST_TIMEOUT_MS })
  const inside = broker as unknown as BrokerInternals

  function request(apiKey: ApiKey, apiVersion: number, encode: (encoder: Encoder) => void) {
    return (correlationId: number): Buffer => {
      const encoder = new Encoder()
      encoder.writeInt32(0)
      encodeRequestHeader(encoder, { apiKey, apiVersion, correlationId, clientId })
      encode(encoder)
      const frame = encoder.toBuffer()
      frame.writeInt32BE(frame.length - LENGTH_BYTES, 0)
      return frame
    }
  }

  const connection: BrokerConnection = {
    isConnected: true,
    send: (apiKey, apiVersion, encode, timeoutMs = 0) =>
      socket.request({
        api: getApiName(apiKey),
        frame: request(apiKey, apiVersion, encode),
        waitMs: timeoutMs,
      }),
  }
  inside.connection = inside.fetchConnection = connection
  for (const [apiKey, versions] of socket.versions) inside.apiVersions.set(apiKey, versions)
  return broker
}

/** Sends one request of the client. Rejects with a `SnapstreamError`. */
export type Call = <T extends { readonly throttleTimeMs: number }>(api: string, send: () => Promise<T>) => Promise<T>

/** Makes a function that sends requests, obeys the throttling of their answers, and names the broker in errors of the client. */
export function callerOver(socket: OpenSocket, address: BrokerAddress): Call {
  return async (api, send) => {
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
}
