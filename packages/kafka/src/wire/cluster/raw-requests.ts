import { shownAddress } from '../protocol/broker-address.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { BrokerAddress, RawRequests } from '../protocol/connection.ts'
import { requestFrame } from './broker-socket.ts'
import type { OpenSocket } from './open-socket.ts'

const CORRELATION_ID_BYTES = 4

/**
 * The part of a connection that sends requests as bytes, over a socket of `openSocket`. It needs no client library.
 *
 * @param socket an open socket
 * @param address the broker, for error messages
 * @param clientId the name of the client in the headers of requests
 */
export function rawRequests(socket: OpenSocket, address: BrokerAddress, clientId: string): RawRequests {
  return {
    address,
    versions: (apiKey) => socket.versions.get(apiKey),
    feature: (name) => socket.features.get(name) ?? 0,
    mute: socket.mute,
    async request({ api, body, answered = true, ...head }) {
      const frame = (correlationId: number) => requestFrame({ ...head, correlationId, clientId }, body)
      const answer = (await socket.request({ api, frame, answered })).subarray(CORRELATION_ID_BYTES)
      if (!answered || !head.flexible) return answer
      const header = byteReader(answer, `the answer of the broker ${shownAddress(address)} to ${api}`, 'flexible')
      header.tags()
      return header.rest()
    },
  }
}
